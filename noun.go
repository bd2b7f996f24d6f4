package gatehouse

// Noun is one of the field's nouns as a text that stands inside of another: a thing that can be
// missing, taken or in the way, or a field that wants to be filled in. A word that is not among
// them is said as it is.
func Noun(english string) Text {
	for _, w := range nouns() {
		if w.Format == english {
			return w
		}
	}
	return Textf("%s", english)
}

func nouns() []Text {
	return []Text{
		Word("school"), Word("site"), Word("building"), Word("zone"),
		Word("sites"), Word("buildings"), Word("zones"),
		Word("device"), Word("devices"), Word("profile"), Word("certificate"),
		Word("person"), Word("pass"), Word("card"), Word("qr"), Word("pin"), Word("face"),
		Word("session"), Word("leave"), Word("alert"), Word("incident"),
		Word("rejection with its content"),
		Word("user"), Word("key"), Word("webhook"), Word("delivery"),
		Word("name"), Word("full name"), Word("by"), Word("model"), Word("deed"), Word("reason"),
	}
}
