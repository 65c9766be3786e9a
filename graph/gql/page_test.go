package gql

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"casegraph/graph"
)

func keys(sorts ...string) []graph.Key {
	var out []graph.Key
	for _, s := range sorts {
		out = append(out, graph.Key{Sort: s, ID: graph.ID("id:" + s)})
	}
	return out
}

// walk reads all pages of the list in one direction; change, when not nil, alters the list between pages.
func walk(t *rapid.T, list []graph.Key, size int, forward bool, change func(page int, list []graph.Key) []graph.Key) []graph.Key {
	var all []graph.Key
	var at *string
	for n := 0; ; n++ {
		if n > 2*len(list)+2 {
			t.Fatal("the pages never end")
		}
		p, err := newPage(&size, at, nil, nil)
		if !forward {
			p, err = newPage(nil, nil, &size, at)
		}
		if err != nil {
			t.Fatal(err)
		}
		key := func(i int) graph.Key { return list[i] }
		from, to := p.cut(len(list), key)
		i := info(len(list), from, to, key)
		if to-from > size {
			t.Fatalf("a page of %d holds %d", size, to-from)
		}
		more := i.HasNextPage
		if forward {
			all, at = append(all, list[from:to]...), i.EndCursor
		} else {
			all, at, more = append(slices.Clone(list[from:to]), all...), i.StartCursor, i.HasPreviousPage
		}
		if !more {
			return all
		}
		if change != nil {
			list = change(n, list)
		}
	}
}

func someKeys(t *rapid.T) []graph.Key {
	k := keys(rapid.SliceOfDistinct(rapid.StringMatching(`[a-zé ]{0,6}`), rapid.ID).Draw(t, "names")...)
	slices.SortFunc(k, graph.Key.Compare)
	return k
}

// Pages in either direction give the whole list, each item once and in order.
func TestPagesGiveTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, size := someKeys(t), rapid.IntRange(1, 7).Draw(t, "size")
		for _, forward := range []bool{true, false} {
			if got := walk(t, list, size, forward, nil); !slices.Equal(got, list) {
				t.Fatalf("forward %v: %v of %v", forward, got, list)
			}
		}
	})
}

// Whatever comes or goes between pages, what stays in the list all the time is seen once, in order.
func TestCursorsSurviveChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, size, forward := someKeys(t), rapid.IntRange(1, 7).Draw(t, "size"), rapid.Bool().Draw(t, "forward")
		stays := list
		got := walk(t, list, size, forward, func(page int, list []graph.Key) []graph.Key {
			if page > 20 {
				return list
			}
			list = append(slices.Clone(list), someKeys(t)...)
			if len(list) > 0 {
				gone := list[rapid.IntRange(0, len(list)-1).Draw(t, "gone")]
				list = slices.DeleteFunc(list, func(k graph.Key) bool { return k == gone })
				stays = slices.DeleteFunc(slices.Clone(stays), func(k graph.Key) bool { return k == gone })
			}
			slices.SortFunc(list, graph.Key.Compare)
			return slices.Compact(list)
		})
		if !slices.IsSortedFunc(got, graph.Key.Compare) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Fatalf("not in order, or twice: %v", got)
		}
		for _, k := range stays {
			if !slices.Contains(got, k) {
				t.Fatalf("%v was never shown in %v", k, got)
			}
		}
	})
}

func TestPageArguments(t *testing.T) {
	n, big, neg, good, bad := 3, 501, -1, cursor(graph.Key{Sort: "x", ID: "id:x"}), "not a cursor"
	for _, c := range []struct {
		first, last   *int
		after, before *string
		ok            bool
	}{
		{ok: true}, {first: &n, ok: true}, {last: &n, before: &good, ok: true}, {first: &n, last: &n, after: &good, ok: true},
		{first: &big}, {last: &big}, {first: &neg}, {last: &neg}, {after: &bad}, {before: &bad},
	} {
		if _, err := newPage(c.first, c.after, c.last, c.before); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
	// first, then last of these, as the Relay specification has it.
	two := 2
	list := keys("a", "b", "c", "d", "e")
	p, err := newPage(&n, nil, &two, nil)
	if from, to := p.cut(len(list), func(i int) graph.Key { return list[i] }); err != nil || from != 1 || to != 3 {
		t.Errorf("first 3, last 2: %d to %d, %v", from, to, err)
	}
}
