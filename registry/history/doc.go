// Package history keeps sightings, rejections, device states and the data-quality report, for as
// long as the school has configured. It stores IDs instead of names, and adds names for callers who
// may see them.
package history
