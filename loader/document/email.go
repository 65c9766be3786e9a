package document

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// The MIME reader is ours, not enmime's: parts are slices of the file, so that offsets lead back to it, memory is
// bounded by the file, and what is broken is read as far as it goes.

// Limits on one e-mail, forwarded ones in it included.
const (
	maxParts  = 1000
	maxDepth  = 20
	maxFields = 1000 // header fields of one part
)

// shownFields are the header fields that are part of the text; print-outs say Sent for Date.
var shownFields = map[string]string{"from": "From", "to": "To", "cc": "Cc", "bcc": "Bcc", "date": "Date", "sent": "Sent", "subject": "Subject"}

// signs are header fields that only a real e-mail has, not a print-out or a cable, with what their value looks like.
var signs = map[string]*regexp.Regexp{
	"message-id":   regexp.MustCompile(`<[^<>\s]+>`),
	"mime-version": regexp.MustCompile(`^1\.0`),
	"content-type": regexp.MustCompile(`(?i)^(?:text|multipart|message|application|image|audio|video)/[\w.+-]+`),
	"received":     regexp.MustCompile(`(?s)\b(?:from|by)\b.*;`),
	"return-path":  regexp.MustCompile(`^<.*>`),
}

// looksLikeEmail says whether b begins with the header of an e-mail; eml says that its name ends in .eml.
func looksLikeEmail(b []byte, eml bool) bool {
	h, _, _ := parseHeader(b)
	shown, all := 0, 0
	for _, f := range h {
		all++
		name := strings.ToLower(f.name)
		if shownFields[name] != "" {
			shown++
		}
		if sign := signs[name]; sign != nil && sign.Match(bytes.TrimSpace(b[f.from:min(f.to, f.from+4096)])) {
			eml = true
		}
	}
	return eml && shown > 0 && all > 1
}

// field is one header field: its value is b[from:to], folded lines and all; its lines end at next.
type field struct {
	name           string
	at             int
	from, to, next int
}

// known are the fields that parseHeader remembers.
func known(name string) bool {
	return shownFields[name] != "" || signs[name] != nil || strings.HasPrefix(name, "content-")
}

// parseHeader reads the header fields at the top of b that matter here. The body begins after a blank line, or where a
// line is no header field.
func parseHeader(b []byte) (fields []field, body int, err error) {
	last := -1 // the field that a folded line goes on with; -1 when it was not remembered
	for pos, any := 0, false; ; {
		if pos == len(b) {
			return fields, pos, nil
		}
		next := len(b)
		if i := bytes.IndexByte(b[pos:], '\n'); i >= 0 {
			next = pos + i + 1
		}
		end := pos + len(bytes.TrimRight(b[pos:next], "\r\n"))
		switch {
		case end == pos:
			return fields, next, nil
		case any && (b[pos] == ' ' || b[pos] == '\t'):
			if last >= 0 {
				fields[last].to, fields[last].next = end, next
			}
		default:
			n := fieldName(b[pos:end])
			if n == 0 {
				return fields, pos, nil
			}
			any, last = true, -1
			if n <= 64 && known(strings.ToLower(string(b[pos:pos+n]))) {
				if len(fields) == maxFields {
					return fields, 0, fmt.Errorf("%w: a header of more than %d fields", ErrTooLarge, maxFields)
				}
				last = len(fields)
				fields = append(fields, field{string(b[pos : pos+n]), pos, pos + n + 1, end, next})
			}
		}
		pos = next
	}
}

// fieldName is the length of the field name at the start of a line, or 0.
func fieldName(b []byte) int {
	for i, c := range b {
		if c == ':' {
			return i
		}
		if c <= ' ' || c >= 0x7f {
			return 0
		}
	}
	return 0
}

// message is the text of the e-mail in: its header, a blank line, its body, its attachments. Errors wrap ErrTooLarge.
func message(in flow) (flow, error) {
	m := mailer{}
	if err := m.message(in, 0); err != nil {
		return flow{}, err
	}
	return m.out, nil
}

// mailer writes e-mails into one text.
type mailer struct {
	out   flow
	parts int
}

// part is one node of the tree of an e-mail. Its body is in.b[from:to].
type part struct {
	media    string            // of Content-Type, in lower case
	params   map[string]string // of Content-Type
	encoding string            // Content-Transfer-Encoding
	id       string            // Content-ID
	name     string            // file name, or empty
	attached bool              // Content-Disposition says attachment
	from, to int
	kids     []part
}

func (m *mailer) message(in flow, depth int) error {
	header, from, err := parseHeader(in.b)
	if err != nil {
		return err
	}
	root, err := m.parse(in.b, header, from, len(in.b), "text/plain", depth)
	if err != nil {
		return err
	}
	shown := false
	for _, f := range header {
		if name := shownFields[strings.ToLower(f.name)]; name != "" {
			m.field(in, f, name)
			shown = true
		}
	}
	if shown { // the blank line
		end := from
		for end > 0 && (in.b[end-1] == '\n' || in.b[end-1] == '\r') && end > from-2 {
			end--
		}
		if blank := in.slice(end, from); string(blank.b) == "\r\n" {
			m.out.join(blank)
		} else if n := len(blank.b); n > 0 && blank.b[n-1] == '\n' {
			m.out.join(in.slice(from-1, from))
		} else {
			m.line("\n")
		}
	}
	if isText(root.media) { // the only part is the body, whatever it is called
		root.attached, root.name = false, ""
	}
	var texts, attachments []part
	arrange(in.b, root, true, &texts, &attachments)
	for _, p := range texts {
		text, ok := readable(in, p)
		if !ok {
			attachments = append([]part{p}, attachments...)
			continue
		}
		if p.from != root.from {
			m.endLine()
		}
		m.out.join(text)
	}
	for _, p := range attachments {
		if err := m.attachment(in, p, depth); err != nil {
			return err
		}
	}
	return nil
}

// line writes text that stands nowhere in the file.
func (m *mailer) line(s string) {
	m.out.loose = true
	m.out.add([]byte(s), -1)
	m.out.loose = true
}

// endLine ends the last line, if it is not ended.
func (m *mailer) endLine() {
	if n := len(m.out.b); n > 0 && m.out.b[n-1] != '\n' {
		m.line("\n")
	}
}

// field writes one header field as one line.
func (m *mailer) field(in flow, f field, name string) {
	from := f.from
	for from < f.to && (in.b[from] == ' ' || in.b[from] == '\t') {
		from++
	}
	raw := in.b[from:f.to]
	if string(in.b[f.at:from]) == name+": " {
		m.out.join(in.slice(f.at, from))
	} else {
		m.line(name + ": ")
	}
	switch value, decoded := headerText(raw); {
	case decoded:
		m.line(value)
	case bytes.ContainsFunc(raw, unicode.IsControl): // folded
		sep := ""
		for i := 0; i < len(raw); {
			n := bytes.IndexFunc(raw[i:], breaks)
			if n < 0 {
				n = len(raw) - i
			}
			if n > 0 {
				m.out.follow(sep)
				m.out.join(in.slice(from+i, from+i+n))
				sep = " "
			}
			for i += n; i < len(raw); {
				r, size := utf8.DecodeRune(raw[i:])
				if !breaks(r) {
					break
				}
				i += size
			}
		}
	default:
		m.out.join(in.slice(from, f.to))
	}
	if f.next > f.to {
		m.out.join(in.slice(f.to, f.next))
	} else {
		m.line("\n")
	}
}

func breaks(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }

// headerText is the value of a header field on one line; decoded is false when the file spells it just so but for
// white space.
func headerText(raw []byte) (value string, decoded bool) {
	value = string(raw)
	if !utf8.Valid(raw) {
		b, _ := charmap.Windows1252.NewDecoder().Bytes(raw)
		value, decoded = string(b), true
	}
	if strings.Contains(value, "=?") {
		words := mime.WordDecoder{CharsetReader: func(label string, r io.Reader) (io.Reader, error) {
			b, err := io.ReadAll(r)
			f := toUTF8(flow{b: b, runs: []run{{0, -1}}}, label)
			return bytes.NewReader(f.b), err
		}}
		if v, err := words.DecodeHeader(strings.Join(strings.FieldsFunc(value, breaks), " ")); err == nil && v != value {
			value, decoded = strings.ToValidUTF8(v, "\ufffd"), true
		}
	}
	if decoded { // an encoded word may hold line ends, which must not make a header field of their own
		value = strings.Join(strings.FieldsFunc(value, breaks), " ")
	}
	return value, decoded
}

// parse reads the tree of the part whose header and body are given.
func (m *mailer) parse(b []byte, header []field, from, to int, media string, depth int) (part, error) {
	if m.parts++; m.parts > maxParts {
		return part{}, fmt.Errorf("%w: an e-mail of more than %d parts", ErrTooLarge, maxParts)
	}
	if depth > maxDepth {
		return part{}, fmt.Errorf("%w: an e-mail of parts within parts deeper than %d", ErrTooLarge, maxDepth)
	}
	p := part{media: media, from: from, to: to}
	for _, f := range slices.Backward(header) { // of repeated fields the first counts
		value := string(b[f.from:min(f.to, f.from+8192)])
		switch strings.ToLower(f.name) {
		case "content-type":
			if mt, params := parameters(value); strings.Contains(mt, "/") {
				p.media, p.params = mt, params
				if p.name == "" {
					p.name = params["name"]
				}
			}
		case "content-disposition":
			d, params := parameters(value)
			p.attached = d == "attachment"
			if params["filename"] != "" {
				p.name = params["filename"]
			}
		case "content-transfer-encoding":
			p.encoding = strings.ToLower(strings.TrimSpace(value))
		case "content-id":
			p.id = strings.TrimSpace(value)
		}
	}
	p.name, _ = headerText([]byte(p.name))
	p.name = strings.Join(strings.FieldsFunc(p.name, breaks), " ")
	boundary := strings.TrimRight(p.params["boundary"], " \t")
	if !strings.HasPrefix(p.media, "multipart/") {
		return p, nil
	}
	media = "text/plain"
	if p.media == "multipart/digest" {
		media = "message/rfc822"
	}
	for from, to := range split(b, from, to, boundary) {
		h, n, err := parseHeader(b[from:to])
		if err != nil {
			return part{}, err
		}
		for i := range h {
			h[i].at, h[i].from, h[i].to, h[i].next = h[i].at+from, h[i].from+from, h[i].to+from, h[i].next+from
		}
		kid, err := m.parse(b, h, from+n, to, media, depth+1)
		if err != nil {
			return part{}, err
		}
		p.kids = append(p.kids, kid)
	}
	if len(p.kids) == 0 { // no boundary: read what is there
		p.media = "text/plain"
	}
	return p, nil
}

// split yields the parts of a multipart body, b[from:to], that boundary separates.
func split(b []byte, from, to int, boundary string) func(func(from, to int) bool) {
	mark := []byte("--" + boundary)
	return func(yield func(from, to int) bool) {
		start := -1
		for pos := from; boundary != ""; {
			i := bytes.Index(b[pos:to], mark)
			if i < 0 {
				break
			}
			i += pos
			pos = i + len(mark)
			if i > from && b[i-1] != '\n' {
				continue
			}
			after := b[pos:to]
			last := bytes.HasPrefix(after, []byte("--"))
			if last {
				after = after[2:]
			}
			rest := bytes.TrimLeft(after, " \t\r")
			if len(rest) > 0 && rest[0] != '\n' {
				continue
			}
			if start >= 0 {
				end := i
				if end > start && b[end-1] == '\n' {
					end--
				}
				if end > start && b[end-1] == '\r' {
					end--
				}
				if !yield(start, end) {
					return
				}
			}
			pos = min(to, to-len(rest)+1)
			start = pos
			if last {
				return
			}
		}
		if start >= 0 && start < to { // cut short
			yield(start, to)
		}
	}
}

var looseParam = regexp.MustCompile(`(?i);\s*([\w-]+)\s*=\s*("[^"]*"|[^;]*)`)

// parameters reads a value such as of Content-Type. What the standard refuses, such as an unquoted file name with
// spaces, is read as it was meant.
func parameters(value string) (string, map[string]string) {
	value = strings.Join(strings.FieldsFunc(value, breaks), " ")
	if media, params, err := mime.ParseMediaType(value); err == nil {
		return media, params
	}
	media, rest, _ := strings.Cut(value, ";")
	params := map[string]string{}
	for _, m := range looseParam.FindAllStringSubmatch(";"+rest, -1) {
		if key := strings.ToLower(m[1]); params[key] == "" {
			params[key] = strings.Trim(strings.TrimSpace(m[2]), `"`)
		}
	}
	return strings.ToLower(strings.TrimSpace(media)), params
}

// arrange puts the parts of a tree into those that are the body, if it is shown, and attachments, in the order of the file.
func arrange(b []byte, p part, shown bool, texts, attachments *[]part) {
	switch {
	case len(p.kids) > 0:
		chosen := -1
		if p.media == "multipart/alternative" {
			chosen = slices.IndexFunc(p.kids, func(k part) bool { return holds(b, k, "text/plain") })
			if chosen < 0 {
				chosen = slices.IndexFunc(p.kids, func(k part) bool { return holds(b, k, "text/html") })
			}
			chosen = max(0, chosen)
		}
		root := 0
		if p.media == "multipart/related" && p.params["start"] != "" {
			root = max(0, slices.IndexFunc(p.kids, func(k part) bool { return k.id == p.params["start"] }))
		}
		for i, k := range p.kids {
			if p.media == "multipart/related" && i != root && !k.attached && (strings.HasPrefix(k.media, "image/") || k.media == "text/css") {
				continue // what a page is painted with
			}
			arrange(b, k, shown && (chosen < 0 || chosen == i), texts, attachments)
		}
	case isText(p.media) && !p.attached && p.name == "":
		if shown {
			*texts = append(*texts, p)
		}
	default:
		*attachments = append(*attachments, p)
	}
}

// holds says whether the tree p has a body of the given type that is not blank.
func holds(b []byte, p part, media string) bool {
	if len(p.kids) > 0 {
		return slices.ContainsFunc(p.kids, func(k part) bool { return holds(b, k, media) })
	}
	return p.media == media && !p.attached && p.name == "" && len(bytes.TrimSpace(b[p.from:p.to])) > 0
}

// isText says whether parts of a type are text to read.
func isText(media string) bool {
	switch media {
	case "text/css", "text/javascript", "text/rtf", "text/richtext", "text/x-amp-html":
		return false
	case "message/delivery-status", "message/disposition-notification":
		return true
	}
	return strings.HasPrefix(media, "text/")
}

// attachment writes a line that names p, then its text if it has one.
func (m *mailer) attachment(in flow, p part, depth int) error {
	name := p.name
	if name == "" {
		name = strings.Join(strings.FieldsFunc(p.media, breaks), " ")
	}
	m.endLine()
	if b := m.out.b; len(b) > 0 && !bytes.HasSuffix(b, []byte("\n\n")) && !bytes.HasSuffix(b, []byte("\n\r\n")) {
		m.line("\n")
	}
	m.line("--- attachment: " + strings.ToValidUTF8(name, "\ufffd") + " ---\n")
	if p.media == "message/rfc822" || p.media == "message/global" {
		return m.message(decode(in.slice(p.from, p.to), p.encoding), depth+1)
	}
	if isText(p.media) {
		if text, ok := readable(in, p); ok {
			m.out.join(text)
		}
	}
	return nil
}

// readable is the text of a part; ok is false when it is none.
func readable(in flow, p part) (text flow, ok bool) {
	if !isText(p.media) {
		return flow{}, false
	}
	text = decode(in.slice(p.from, p.to), p.encoding)
	label := p.params["charset"]
	if m := declared.FindSubmatch(text.b[:min(len(text.b), 4096)]); p.media == "text/html" && label == "" && m != nil {
		label = string(m[1])
	}
	text = toUTF8(text, label)
	if bytes.HasPrefix(text.b, []byte(bom)) {
		text = text.slice(len(bom), len(text.b))
	}
	if kind, _ := binary(text.b); kind != "" {
		return flow{}, false
	}
	if p.media == "text/html" {
		text, _ = render(text)
	}
	return text, true
}

// decode undoes a Content-Transfer-Encoding as far as it goes.
func decode(in flow, encoding string) flow {
	switch encoding {
	case "base64":
		b := make([]byte, 0, len(in.b)*3/4)
		for chunk := range bytes.FieldsFuncSeq(in.b, func(r rune) bool { return r == '=' }) { // several may be joined
			digits := chunk[:0:0]
			for _, c := range chunk {
				if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
					digits = append(digits, c)
				}
			}
			if len(digits)%4 == 1 { // cut short
				digits = digits[:len(digits)-1]
			}
			b, _ = base64.RawStdEncoding.AppendDecode(b, digits) // cannot fail
		}
		return flow{b: b, runs: []run{{0, -1}}}
	case "quoted-printable":
		return quotedPrintable(in)
	}
	return in
}

// quotedPrintable decodes in; what is not well-formed stays as it is.
func quotedPrintable(in flow) flow {
	var out flow
	for i := 0; i < len(in.b); {
		n := bytes.IndexByte(in.b[i:], '=')
		if n < 0 {
			n = len(in.b) - i
		}
		out.add(in.b[i:i+n], i)
		if i += n; i == len(in.b) {
			break
		}
		rest := in.b[i+1:]
		eol := bytes.TrimLeft(rest[:min(len(rest), 80)], " \t\r")
		switch {
		case len(rest) >= 2 && hexDigit(rest[0]) >= 0 && hexDigit(rest[1]) >= 0:
			out.loose = true
			out.add([]byte{byte(hexDigit(rest[0])<<4 | hexDigit(rest[1]))}, i)
			out.loose = true
			i += 3
		case len(eol) > 0 && eol[0] == '\n':
			i = bytes.IndexByte(rest, '\n') + i + 2
		case len(eol) == 0 && len(rest) < 80:
			i = len(in.b)
		default:
			out.add(in.b[i:i+1], i)
			i++
		}
	}
	return out.through(in)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// toUTF8 decodes the charset called label. Text that is UTF-8 is taken for it where a label of a single-byte charset
// or none says otherwise, since other text is almost never UTF-8 by chance; what is not UTF-8 and has no known label is
// taken for Windows-1252.
func toUTF8(in flow, label string) flow {
	enc, err := htmlindex.Get(strings.TrimSpace(label))
	name := ""
	if err == nil {
		name, _ = htmlindex.Name(enc)
	}
	table, single := enc.(*charmap.Charmap)
	if (err != nil || single || name == "utf-8" || name == "replacement") && utf8.Valid(in.b) {
		return in
	}
	if err != nil || name == "utf-8" || name == "replacement" || name == "x-user-defined" {
		table, single = charmap.Windows1252, true
	}
	if !single {
		b, err := enc.NewDecoder().Bytes(in.b)
		if err != nil {
			return toUTF8(in, "windows-1252")
		}
		return flow{b: bytes.ToValidUTF8(b, []byte("\ufffd")), runs: []run{{0, -1}}}
	}
	var out flow
	for i := 0; i < len(in.b); {
		j := i
		for j < len(in.b) && in.b[j] < utf8.RuneSelf {
			j++
		}
		out.add(in.b[i:j], i)
		if j < len(in.b) {
			out.put(string(table.DecodeByte(in.b[j])), j)
			j++
		}
		i = j
	}
	return out.through(in)
}
