// Package places keeps the schools, their sites, buildings and zones, and what each school has set.
// It refuses to know what stands in a zone: what asks both is a deed.
package places
