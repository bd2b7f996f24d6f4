package store

import (
	"container/list"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
)

// walkRows limits the rows in all kept orders together.
const walkRows = 500_000

// Walks pages through lists in an order that may change meanwhile, such as by name: a walk keeps
// the order in which it began, so that no row that exists throughout is skipped or repeated. Rows
// have their current content; deleted ones are skipped; new ones may be missing.
//
// A cursor names an order by the hash of its keys. While the order of the list does not change,
// nothing is stored, and a walk even survives a restart. When it does change, the old order is kept
// in an LRU cache; once that has evicted it, the walk fails with Gone and must begin again.
type Walks struct {
	max int // rows

	mu     sync.Mutex
	size   int
	orders map[string]*list.Element
	used   *list.List // of *keptOrder, most recently used first
}

type keptOrder struct {
	token string
	keys  []string
}

// NewWalks keeps orders of at most max rows in total, or the newest one if that is larger.
func NewWalks(max int) *Walks {
	return &Walks{
		max:    max,
		orders: map[string]*list.Element{},
		used:   list.New(),
	}
}

// OrderToken is the hash of an order.
func OrderToken(keys []string) string {
	h := sha256.New()
	var n [8]byte
	for _, k := range keys {
		binary.BigEndian.PutUint64(n[:], uint64(len(k)))
		h.Write(n[:])
		h.Write([]byte(k))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// Keep stores an order. keys must not be changed afterwards.
func (w *Walks) Keep(token string, keys []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e, ok := w.orders[token]; ok {
		w.used.MoveToFront(e)
		return
	}
	w.orders[token] = w.used.PushFront(&keptOrder{token, keys})
	w.size += len(keys)
	for w.size > w.max && w.used.Len() > 1 {
		old := w.used.Remove(w.used.Back()).(*keptOrder)
		delete(w.orders, old.token)
		w.size -= len(old.keys)
	}
}

// Order returns the order that a cursor names: the current one if it has not changed, or a kept
// one.
func (w *Walks) Order(token, nowToken string, now []string) ([]string, error) {
	if token == nowToken {
		return now, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.orders[token]
	if !ok {
		return nil, g.Errorf(g.Gone,
			"the list has changed since this walk began, and its order is no longer kept: begin "+
				"again without a cursor").At("cursor")
	}
	w.used.MoveToFront(e)
	return e.Value.(*keptOrder).keys, nil
}

// Walk returns a page of a list whose rows are all given. key must be unique and constant for a
// row.
func Walk[T any](w *Walks, all []T, p Page, key func(T) string) ([]T, string, error) {
	if p.Cursor == "" && len(all) <= p.Size() {
		return all, "", nil
	}
	keys, at := make([]string, len(all)), make(map[string]int, len(all))
	for i, row := range all {
		keys[i] = key(row)
		at[keys[i]] = i
	}
	token := OrderToken(keys)
	parts, resumed, err := p.After(2)
	if err != nil {
		return nil, "", err
	}
	order, from := keys, 0
	if resumed {
		if from, err = Offset(parts[1]); err != nil {
			return nil, "", err
		}
		if order, err = w.Order(parts[0], token, keys); err != nil {
			return nil, "", err
		}
		token = parts[0]
	}
	out := []T{}
	for i := from; i < len(order); i++ {
		n, ok := at[order[i]]
		if !ok {
			continue
		}
		if len(out) == p.Size() {
			w.Keep(token, order)
			return out, Cursor(token, strconv.Itoa(i)), nil
		}
		out = append(out, all[n])
	}
	return out, "", nil
}

// Offset parses the position in a cursor.
func Offset(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, badCursor()
	}
	return n, nil
}
