// Package deeds is what takes rows of two aggregates in one transaction, each under its name. It is
// the only package whose statements may name the tables of several, beside views.
package deeds
