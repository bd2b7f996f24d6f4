// Package vision turns the faces of a video into sightings, and sightings into people: it
// measures how usable a face is, follows it from frame to frame, lets its good frames vote on
// one embedding, and finds that embedding in a gallery. It is pure Go, so that the gateway
// can match without OpenCV; package vision/opencv brings pixels and models.
//
// It refuses to estimate anything else about a person: no age, sex, emotion, attention or
// origin. It stores nothing, and it knows people as identifiers only.
package vision
