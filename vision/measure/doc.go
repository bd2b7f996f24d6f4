// Command measure derives from photographs what package vision decides by, and what it costs: the
// threshold from which a face is somebody's, when an enrolment asks about a look-alike, and the
// weights that tell covered faces. It runs the same chain, tracker, vote and gallery as a camera.
//
// The photographs are those of Labeled Faces in the Wild, which are not part of the repository:
// it says so where they are missing. It writes numbers and never a name or a face.
package main
