// Package deeds has the operations that change two aggregates in one transaction. Apart from views,
// it is the only package whose statements may name tables of several aggregates.
package deeds
