package messages

// words describes fields in the document, as the gate's Words takes them.
const words = `
way: How it is reached: email, sms, push, voice or chat.
ways: What came of it by each channel.
ChannelField.name: The setting's name.
ChannelField.secret: It is given under secrets, and never answered.
ChannelField.needed: The channel cannot be opened without it.
ChannelField.options: The values that it takes; empty: any.
ChannelHealth.sent: Letters that the other side took since the gateway started.
ChannelHealth.failed: Attempts that failed since then.
ChannelHealth.last_sent: When the other side last took one.
ChannelHealth.last_error: What it said when it last did not.
ChannelHealth.error_at: When that was.
ChannelHealth.rests_until: Nothing is sent by it before.
ChannelKind.kind: The kind's name.
ChannelKind.per_minute: How many letters the other side takes a minute; 0: any number.
ChannelKind.fields: Its settings and secrets.
ShownChannel.settings: Settings by name.
ShownChannel.secrets: The names of the secrets that are set.
ShownChannel.report_path: Below the gateway's address, where the other side posts what became of letters;
	absent where it posts none, and to those who may not change the channel. Keep it secret.
ShownChannel.kind: The kind of channel.
Address.shown: The address with most of it hidden.
Address.confirmed: When it was confirmed; absent: nothing is sent to it.
lost: Why it is no longer used; absent: it is.
quiet_from: No message begins from this time of day on, in the school's time zone, HH:MM; alarms do.
quiet_to: Until this time of day.
Wishes.digest: Notices by e-mail come together in one letter, at this time of each day or of digest_day, HH:MM; absent: each by itself.
Contact.digest: Notices by e-mail come together in one letter, at this time of each day or of digest_day, HH:MM; absent: each by itself.
Wishes.digest_day: The day of the week on which the letter comes, mon to sun; absent: every day.
Contact.digest_day: The day of the week on which the letter comes, mon to sun; absent: every day.
Sending.moved: The address that it was for before the reader's contact changed, most of it hidden.
opted_by: Who said last that the person agrees or does not; link: the person, by the link of a message.
opted_at: When that was.
PushKey.channel: The channel that sends to browsers.
PushKey.key: The public key (P-256, uncompressed, base64url).
Sending.digest: The message in which it is told together with others, where the reader wishes that.
opted: A guardian's or visitor's agreement to messages; without it only alarms come.
Wishes.language: en or zh-CN; absent: the user's own, else the school's.
Contact.language: en or zh-CN; absent: the school's.
Contact.addresses: Addresses beside the telephone number on the person's page.
ContactAddress.value: The address or number.
Template.kind: The kind of message.
Template.subject: One line.
Template.text: The text, with names in braces.
Template.own: It is the school's own; false: as shipped.
MessageKind.name: The kind's name.
MessageKind.params: The names that a template of it may use.
Preview.recipients: How many would be told.
Preview.people: How many of them are people.
Preview.users: How many are users.
Preview.by_way: How many have an address that one of the school's channels reaches, by way.
Preview.no_address: How many can be reached by no step.
Preview.not_wished: How many guardians and visitors have not agreed to messages.
Summary.lane: alarm, notice or bulk: which workers send it.
Summary.kind: The kind of message.
Summary.params: What its template is filled with.
Summary.alert: The alert that it is about.
Summary.steps: By which ways, in turn.
Summary.asked: Who asked for it.
Summary.expires: What is not sent by then is not sent.
Summary.again: The message that this one repeats for those who had not read it.
Summary.stopped: Since when nothing further is sent of it.
Summary.why: Why that is so.
Summary.counts: How many recipients are in which state.
Step.after_seconds: The next step follows where it was not read within so many seconds; absent: only where nothing of this
	step could be sent.
Step.ways: Ways that are tried at once.
Told.user: The user's id.
Told.channel: The channel, where it is itself the recipient.
Told.state: waiting, sent, delivered, read, failed or stopped.
Told.code: Why it failed.
Told.next: When the next step begins.
Told.read: When it was read.
Sending.channel: The channel.
Sending.state: queued, sent (the other side took it), delivered (it says that it arrived),
	read (by this channel), failed or stopped.
Sending.code: What the other side answered.
Sending.attempt: How many attempts were made.
Sending.next: When it is tried next.
Sending.sent: When the other side took it.
Sending.delivered: When it arrived, as the other side says.
`
