package visits

// words describes fields in the document, as the gate's Words takes them.
const words = `
Visit.state: asked: nobody has approved it; expected: approved; refused; on_site: they have arrived; gone: they have
	left.
Visit.from: When it begins.
Visit.to: When they should have left.
Visit.name: Who comes.
Visit.phone: Their telephone number; not in lists.
Visit.company: For whom they work.
Visit.plate: Their car's plate.
Visit.group: How many they are.
Visit.host: Whom they visit.
Visit.purpose: Why they come.
Visit.registered: When it was registered.
Visit.arrived: When they arrived; absent: they have not.
Visit.left: When they left; absent: they have not.
Visit.reason: Why it was refused.
Visit.by: Who did the last of it.
Visit.overdue: They are on site although the time is over.
`
