// Package views is what is read across aggregates. It refuses to write.
package views
