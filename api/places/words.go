package places

// words describes fields in the document, as the gate's Words takes them: those of
// schools and what is recorded there.
const words = `
private: A dorm room, toilet or changing room: can bind no camera.
RecordedFacts.people: People whom the school has entered.
RecordedFacts.consented: Of them, those whose face may be used.
RecordedFacts.enrolled: People with a face template of the present model.
RecordedFacts.outdated: People whose templates are of another model only: they are not compared, and need a new
	photograph.
RecordedFacts.cameras: Cameras of the school.
RecordedFacts.kept_pictures: Pictures of unknown people that somebody keeps longer.
Places.sites: Sites.
Places.buildings: Buildings.
Building.site: The site's id.
Zone.building: The building's id.
School.parent: The district that it belongs to.
`
