// Command camera is the driver for cameras: it plays their video over RTSP, finds faces, follows
// each one from frame to frame, and reports the combination of its good frames as a sighting with
// an embedding and a snapshot. It also computes the embedding of a photograph, so that enrolment
// and cameras use the same models.
//
// Whoever watches a camera live gets the encoded pictures of the same stream, as the camera sent
// them; it never opens a second session with a camera and never encodes anything again.
//
// It never learns names: the gateway decides who somebody is. It keeps no picture but the newest of
// each camera. Build it with the tags and flags of deploy/setup/vision.env.
package main
