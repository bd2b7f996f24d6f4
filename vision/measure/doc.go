// Command measure derives the thresholds and weights of package vision from photographs, with their
// error rates: the match threshold, the likenesses at which enrolment warns, and the weights that
// detect covered faces. It runs the same chain, tracker, vote and gallery as a camera.
//
// The photographs are those of Labeled Faces in the Wild, which are not part of the repository; the
// program says where it looked if they are missing. It prints numbers, never a name or a face.
package main
