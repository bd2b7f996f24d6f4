package visits

// words describes fields in the document, as the gate's Words takes them.
const words = `
Visit.state: asked: nobody has approved it; expected: approved; refused; on_site: they have arrived; gone: they have
	left.
Visit.from: When it begins.
Visit.to: When they should have left.
Visit.name: Who comes.
Visit.phone: Their telephone number; only in the answer to a look at one visit.
Visit.company: For whom they work.
Visit.plate: Their car's plate.
Visit.group: How many they are.
Visit.host: Whom they visit.
Visit.names: The others of a group who get a code each.
Visit.purpose: Why they come.
Visit.escort: They go nowhere alone.
Visit.places: Where they may go, in words.
Visit.zones: The rooms where they may go: seen elsewhere than there and at a gate raises an alert. Absent: everywhere.
Visit.public: They registered themselves, on the public page.
Visit.barred: They are on the barred list: the visit is held.
Visit.host_asked: When the host was asked by a message; absent: nobody was, or nobody was found by what was typed.
Visit.registered: When it was registered.
Visit.arrived: When they arrived; absent: they have not.
Visit.left: When they left; absent: they have not.
Visit.reason: Why it was refused.
Visit.by: Who did the last of it.
Visit.overdue: They are on site although the time is over.
VisitPageShown.school: The school.
VisitPageShown.on: Visitors can register themselves.
VisitPageShown.notice: The school's own words on what becomes of the data.
VisitPageShown.notice_zh: In Chinese.
VisitPageShown.changed: When it was set last; absent: never.
Barred.name: Who is not let in.
Barred.phone: Their telephone number.
Barred.with_id: They are found by the number of an identity card as well, which is not shown.
Barred.reason: Why.
Barred.by: Who entered it.
Barred.added: When.
Barred.ends: When the entry ends by itself.
`
