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
Places.floors: Floors, of each building from the lowest up.
Floor.building: The building's id.
Floor.level: 0 is the ground floor; orders the floors of a building.
Floor.plan: Its plan; absent: nobody has sent one.
Plan.picture: Names the drawing, and changes with it.
Plan.type: image/svg+xml, image/png or image/jpeg.
Plan.width: Pixels, or units of an SVG's view box.
Plan.height: Pixels, or units of an SVG's view box.
Zone.floor: The floor's id; absent: none.
FloorPlan.floor: The floor.
FloorPlan.rooms: The zones on it, by name.
FloorPlan.devices: The devices in them, by name.
PlanRoom.area: Its part of the plan; absent: not drawn.
PlanDevice.spot: Where it is on the plan; absent: not placed.
PlanDevice.type: The kind of device.
Point.x: From 0, the left edge of the plan, to 1.
Point.y: From 0, the upper edge of the plan, to 1.
Area.x: The left edge, from 0 to 1.
Area.y: The upper edge, from 0 to 1.
Area.w: The width, as a part of the plan's.
Area.h: The height, as a part of the plan's.
Whereabouts.zone_name: The zone's name.
Whereabouts.building: The building's id.
Whereabouts.building_name: The building's name.
Whereabouts.site_name: The site's name.
Whereabouts.floor: The floor; absent: the zone names none.
Whereabouts.area: The zone's part of the plan.
Whereabouts.spot: Where the device is on the plan.
Whereabouts.camera: The nearest camera that can show a picture; absent: there is none in the building.
NearCamera.near: itself, or why it is the nearest: by positions on the plan, in the same room, on the same floor,
	in the same building.
PlanSent.floor: The floor with its plan.
PlanSent.left: What was left out of an SVG: names of elements and attributes.
Building.site: The site's id.
Zone.building: The building's id.
School.parent: The district that it belongs to.
`
