// Command camera is the driver for cameras: it takes their video over RTSP, finds faces,
// follows each through the view, and reports what its good frames agree on as a sighting
// with an embedding and a snapshot. It also makes the embedding of a photograph, so that
// enrolment and cameras go through the same models.
//
// It sees pixels and never learns a name: who it is, is decided in the gateway. It keeps no
// picture beyond the newest of each camera. Build it with the tags and flags of
// deploy/setup/vision.env.
package main
