package people

// words describes fields in the document, as the gate's Words takes them: those of
// people, imports and kept pictures.
const words = `
number: The school's own number for the person.
boarder: Sleeps in the dorm.
guardians: Who answers for the child.
phone: Telephone number.
left: Since when the person no longer belongs to the school; absent: belongs to it.
KeptPicture.until: Until when the picture is kept.
Pass.starts: When it begins to work; absent: at once.
Pass.duress: A PIN that is accepted like any other, and tells that its holder is made to use it.
Pass.quality: Quality of the photograph, 0 to 1.
Pass.masked: The last characters of the credential.
Pass.model: The model that made the template.
PersonRow.consent: The use of the face is allowed.
PersonRow.face: A face is enrolled.
PersonRow.cards: How many cards, codes and PINs there are.
Consent.given: true: allowed. false: withdrawn.
Consent.by: Who said so: a guardian's name, or self.
PersonPage.consents: The records of consent, the newest first.
PersonPage.passes: What the person is recognised by.
ImportLine.line: The line in the file.
ImportLine.action: What is done with it.
ImportLine.changes: What changes of somebody who is known: field, from, to.
ImportLine.problems: What is wrong with the line, or worth knowing.
ImportLine.values: Of the first lines: every field as it will be written.
ImportLine.field: The column.
ImportChange.field: The field.
ImportChange.from: What was there; of a telephone number the last digits.
ImportChange.to: What will be there; empty: nothing.
ImportReport.lines: Line by line.
ImportReport.encoding: The file's encoding: UTF-8 or GBK.
ImportReport.updated: How many were changed.
ImportReport.same: How many were as they are.
ImportReport.errors: How many were wrong.
ImportReport.applied: It was done; false for a dry run and where any line is wrong.
ImportReport.skipped: How many lines are left out because of an error.
ImportReport.unnumbered: With a full roster: how many people have no number, and so stay.
ImportReport.leaving: With a full roster: who is in no line and leaves.
ImportReport.mode: What the file may change.
ImportReport.format: csv or xlsx.
ImportReport.encodings: Under which encodings the file can be read.
ImportReport.delimiter: Between the cells of a CSV.
ImportReport.sheet: The sheet of the workbook that is read.
ImportReport.sheets: The sheets that the workbook shows.
ImportReport.heading_line: The line of the headings; 0: there are none.
ImportReport.mapping: Where the columns' fields come from: given, remembered or guessed.
ImportReport.columns: The columns, and what each is read as.
ImportReport.problems: What is wrong with the file as a whole, or worth knowing.
ImportReport.brake: Whether so many people are changed that a word is needed.
ImportReport.token: Names exactly this outcome: send it to apply that and nothing else.
ImportReport.created: How many were added.
ImportBrake.affected: How many people would leave, move to another class, or lose or change a name.
ImportBrake.needed: Whether the import needs confirm with that number.
ImportBrake.of: How many people the school has.
`
