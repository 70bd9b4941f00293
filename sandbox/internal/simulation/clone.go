package simulation

import (
	"reflect"
	"strings"
	"unsafe"
)

// ours is how the packages begin whose values are copied. What comes from elsewhere, such as certificates, is shared: nobody
// here changes it in place.
const ours = "studio-onboarding/sandbox/"

// Clone copies a whole world, pointer by pointer, so that things refer to each other in the copy as they do in the original.
// What keep points to is shared with the original instead, and functions, channels and locks aren't copied. Writes that get
// lost and reads that are stale are carried out on such copies.
func Clone[T any](world *T, keep ...any) *T {
	c := cloner{seen: map[visit]reflect.Value{}}
	for _, k := range keep {
		v := reflect.ValueOf(k)
		c.seen[visit{v.UnsafePointer(), v.Type()}] = v
	}
	return c.clone(reflect.ValueOf(world)).Interface().(*T)
}

type visit struct {
	at   unsafe.Pointer
	kind reflect.Type
}

type cloner struct {
	seen map[visit]reflect.Value
}

func foreign(t reflect.Type) bool {
	return t.PkgPath() != "" && !strings.HasPrefix(t.PkgPath(), ours)
}

// clone copies what a value refers to.
func (c *cloner) clone(v reflect.Value) reflect.Value {
	t := v.Type()
	switch t.Kind() {
	case reflect.Pointer:
		if v.IsNil() || foreign(t.Elem()) {
			return v
		}
		key := visit{v.UnsafePointer(), t}
		if done, ok := c.seen[key]; ok {
			return done
		}
		fresh := reflect.New(t.Elem())
		c.seen[key] = fresh
		fresh.Elem().Set(c.clone(v.Elem()))
		return fresh
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		key := visit{v.UnsafePointer(), t}
		if done, ok := c.seen[key]; ok {
			return done
		}
		fresh := reflect.MakeMapWithSize(t, v.Len())
		c.seen[key] = fresh
		for entries := v.MapRange(); entries.Next(); {
			fresh.SetMapIndex(c.clone(entries.Key()), c.clone(entries.Value()))
		}
		return fresh
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		fresh := reflect.MakeSlice(t, v.Len(), v.Len())
		if flat(t.Elem()) {
			reflect.Copy(fresh, v)
			return fresh
		}
		for i := range v.Len() {
			fresh.Index(i).Set(c.clone(v.Index(i)))
		}
		return fresh
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		fresh := reflect.New(t).Elem()
		fresh.Set(c.clone(v.Elem()))
		return fresh
	case reflect.Struct:
		return c.cloneStruct(v)
	default: // numbers, texts, functions, channels
		return v
	}
}

// cloneStruct copies field by field, unexported ones included. Locks come out unlocked, and are not even read: others may be waiting for
// them at this moment.
func (c *cloner) cloneStruct(v reflect.Value) reflect.Value {
	t := v.Type()
	fresh := reflect.New(t).Elem()
	switch {
	case t.PkgPath() == "sync":
		return fresh
	case foreign(t):
		fresh.Set(v)
		return fresh
	case !v.CanAddr(): // of a map or an interface: nobody else has it
		copied := reflect.New(t).Elem()
		copied.Set(v)
		v = copied
	}
	for i := range t.NumField() {
		kind := t.Field(i).Type
		from := reflect.NewAt(kind, v.Field(i).Addr().UnsafePointer()).Elem()
		to := reflect.NewAt(kind, fresh.Field(i).Addr().UnsafePointer()).Elem()
		if flat(kind) {
			to.Set(from)
		} else {
			to.Set(c.clone(from))
		}
	}
	return fresh
}

// Immutable values never change once they are made: copies share what they refer to. The method does nothing.
type Immutable interface{ Immutable() }

// flat types have nothing inside that would have to be copied.
func flat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Interface, reflect.Array:
		return false
	case reflect.Pointer:
		return t.Implements(reflect.TypeFor[Immutable]())
	case reflect.Struct:
		return t.PkgPath() == "time" || t.Implements(reflect.TypeFor[Immutable]())
	}
	return true
}
