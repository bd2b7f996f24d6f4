package gatehouse

import "maps"

// The reasons that every driver may give.
const (
	ReasonOther        ReasonCode = "other"         // a sentence of a program that gives no code
	ReasonNameUnknown  ReasonCode = "name_unknown"  // the host name cannot be resolved
	ReasonNothingThere ReasonCode = "nothing_there" // the connection was refused
	ReasonNoRoute      ReasonCode = "no_route"      // the network has no route there
	ReasonNoAnswer     ReasonCode = "no_answer"     // no response in time
	ReasonHungUp       ReasonCode = "hung_up"       // the other end closed the connection
	ReasonOddAnswer    ReasonCode = "odd_answer"    // the response is not in the protocol
	ReasonNotTrusted   ReasonCode = "not_trusted"   // the certificate is not trusted
	ReasonLoginRefused ReasonCode = "login_refused" // the user name or password is wrong
	ReasonNotConnected ReasonCode = "not_connected" // command to a disconnected device
	ReasonNotWritable  ReasonCode = "not_writable"  // no such writable property
	ReasonBadValue     ReasonCode = "bad_value"     // cannot be represented
	ReasonUnconfirmed  ReasonCode = "unconfirmed"   // sent, with unknown outcome
	ReasonNotTried     ReasonCode = "not_tried"     // not attempted, since an earlier step failed
	// the driver ended the connection to the device without a reason
	ReasonNoReason      ReasonCode = "no_reason"
	ReasonPanicked      ReasonCode = "panicked"       // a bug in the driver
	ReasonDriverDown    ReasonCode = "driver_down"    // the driver program does not run
	ReasonSilent        ReasonCode = "silent"         // for longer than the profile allows
	ReasonHeardAgain    ReasonCode = "heard_again"    // heard again after a silence
	ReasonMQTTEnded     ReasonCode = "mqtt_ended"     // the connection to the MQTT listener
	ReasonMore          ReasonCode = "more"           // further reasons that are not listed
	ReasonSeesNothing   ReasonCode = "no_value"       // a register holds a "no value" sentinel
	ReasonRegisterMute  ReasonCode = "register_mute"  // one of several registers does not respond
	ReasonSerialMissing ReasonCode = "serial_missing" // the serial line does not exist
	ReasonSerialClosed  ReasonCode = "serial_closed"  // no permission to open the serial line
	ReasonSerialMute    ReasonCode = "serial_mute"    // no response on the serial line
	ReasonSerialBroken  ReasonCode = "serial_broken"  // the serial line failed

	ReasonModbusFunction ReasonCode = "modbus_function" // exception 1
	ReasonModbusAddress  ReasonCode = "modbus_address"  // exception 2
	ReasonModbusValue    ReasonCode = "modbus_value"    // exception 3
	ReasonModbusFailed   ReasonCode = "modbus_failed"   // exception 4
	ReasonModbusBusy     ReasonCode = "modbus_busy"     // exceptions 5 and 6
	ReasonModbusPath     ReasonCode = "modbus_path"     // exception 10
	ReasonModbusUnit     ReasonCode = "modbus_unit"     // exception 11
	ReasonModbusOther    ReasonCode = "modbus_other"    // any other exception

	ReasonClientID        ReasonCode = "client_id"        // the broker refuses the client ID
	ReasonTopicForbidden  ReasonCode = "topic_forbidden"  // by the broker's access list
	ReasonNoSubscription  ReasonCode = "no_subscription"  // not confirmed by the broker
	ReasonBrokerHungUp    ReasonCode = "broker_hung_up"   // closed by an external broker
	ReasonBrokerSaysAway  ReasonCode = "broker_says_away" // offline by the availability topic
	ReasonAvailabilityOdd ReasonCode = "availability_odd" // unexpected payload on it

	ReasonNeverCalled   ReasonCode = "never_called"   // the terminal has not called yet
	ReasonWrongCaller   ReasonCode = "wrong_caller"   // another terminal uses its serial number
	ReasonCalledLast    ReasonCode = "called_last"    // the terminal has stopped calling
	ReasonLinesOdd      ReasonCode = "lines_odd"      // invalid lines in the terminal's log
	ReasonNotListening  ReasonCode = "not_listening"  // the driver does not listen for terminals
	ReasonSerialTaken   ReasonCode = "serial_taken"   // another device has this serial number
	ReasonTerminalSays  ReasonCode = "terminal_says"  // the terminal's own error
	ReasonNotFetched    ReasonCode = "not_fetched"    // command not fetched, and withdrawn
	ReasonCommandsQueue ReasonCode = "commands_queue" // the terminal's command queue is full

	ReasonPictureFrozen  ReasonCode = "frozen"
	ReasonPictureBlack   ReasonCode = "black"
	ReasonPictureCovered ReasonCode = "covered"
	ReasonPictureBlurred ReasonCode = "blurred"

	ReasonCameraClosed    ReasonCode = "camera_closed"    // connection closed while playing
	ReasonCameraBlind     ReasonCode = "camera_blind"     // data, but no complete picture
	ReasonCameraNoVideo   ReasonCode = "camera_no_video"  // no video in a supported format
	ReasonCameraUnknown   ReasonCode = "camera_unknown"   // the camera's name cannot be resolved
	ReasonCameraUntrusted ReasonCode = "camera_untrusted" // the camera's certificate is not trusted
	ReasonCameraNoAnswer  ReasonCode = "camera_no_answer" // no response within some seconds
	ReasonCameraRefuses   ReasonCode = "camera_refuses"   // connection refused
	ReasonCameraQuiet     ReasonCode = "camera_quiet"     // the stream has stalled
	ReasonCameraNoRTSP    ReasonCode = "camera_no_rtsp"   // closed at once: not RTSP on that port
	ReasonCameraOdd       ReasonCode = "camera_odd"       // the response is not RTSP
	ReasonCameraLogin     ReasonCode = "camera_login"     // a login is required
	ReasonCameraPassword  ReasonCode = "camera_password"  // the user name or password is wrong
	ReasonCameraForbids   ReasonCode = "camera_forbids"   // this user may not watch
	ReasonCameraNoStream  ReasonCode = "camera_no_stream" // no stream at that path
	ReasonCameraNoTCP     ReasonCode = "camera_no_tcp"    // offers RTP over UDP only
	ReasonCameraFull      ReasonCode = "camera_full"      // the camera accepts no further viewer
	ReasonCameraStatus    ReasonCode = "camera_status"    // any other RTSP status
	ReasonCameraSendsOn   ReasonCode = "camera_sends_on"  // redirects to another host with login

	ReasonCounterNever  ReasonCode = "counter_never_called" // the device has not called yet
	ReasonCounterSecret ReasonCode = "counter_secret"       // called last with another secret

	ReasonNoAskAnswer ReasonCode = "no_ask_answer" // the gateway did not answer in time
	ReasonNobody      ReasonCode = "nobody"        // no person has that credential
	ReasonPassExpired ReasonCode = "pass_expired"  // somebody's, but expired
	ReasonPersonLeft  ReasonCode = "person_left"   // of somebody who has left the school
	ReasonPassEarly   ReasonCode = "pass_early"    // a visitor's, before its time
	ReasonPassInside  ReasonCode = "pass_inside"   // a visitor's who is inside already
	ReasonPassHeld    ReasonCode = "pass_held"     // a visitor's whom security has to look at

	ReasonMealEaten    ReasonCode = "meal_eaten"     // they had this meal today
	ReasonMealNotTheir ReasonCode = "meal_not_their" // not one of their meals
	ReasonNoMeal       ReasonCode = "no_meal"        // none is served at that time
	ReasonServedAnyway ReasonCode = "served_anyway"  // by staff, although the answer was no

	// A threat level of the school decides who passes; {level} is its name, {level_zh} in Chinese.
	ReasonLevelStaff      ReasonCode = "level_staff"      // staff only
	ReasonLevelResponders ReasonCode = "level_responders" // nobody but its responders
	ReasonLevelFree       ReasonCode = "level_free"       // everybody passes
)

// reasonTexts is the English text of each code, with params in braces.
var reasonTexts = map[ReasonCode]string{
	ReasonOther: "{text}",
	ReasonNameUnknown: "the name in {address} is unknown: check the spelling, or give the IP " +
		"address",
	ReasonNothingThere: "nothing listens at {address}: check the address and the port " +
		"({protocol} usually has " +
		"{port}), and that {protocol} is switched on",
	ReasonNoRoute: "there is no way to {address}: check the address and the network",
	ReasonNoAnswer: "{address} does not answer within {within}: check the address, that it " +
		"speaks {protocol}, " +
		"and that it has power",
	ReasonHungUp: "{address} hung up: it may be restarting, speak something else than " +
		"{protocol}, or take no " +
		"more connections",
	ReasonOddAnswer: "{address} answers something else than {protocol} expects: {detail}",
	ReasonNotTrusted: "the certificate of {address} is not trusted ({detail}): install one that " +
		"is, or name its " +
		"authority's PEM file",
	ReasonLoginRefused: "{address} refuses the user name or the password: check both, and its " +
		"list of who may what",
	ReasonNotConnected: "the device is not connected; try again once it is",
	ReasonNotWritable: "{property} is no property that can be written; say where it lives, and " +
		"writable: true, in " +
		"the profile",
	ReasonBadValue:    "{property}: {detail}",
	ReasonUnconfirmed: "it was sent, and the device has not said what came of it",
	ReasonNotTried:    "it was not tried, since what came before it failed",
	ReasonNoReason:    "the driver ended the connection without a reason",
	ReasonPanicked:    "the driver panicked in {where}: {detail}",
	ReasonDriverDown:  "driver \"{driver}\" is not running: {detail}",
	ReasonSilent:      "silent for more than {seconds} s",
	ReasonHeardAgain:  "heard again",
	ReasonMQTTEnded:   "the MQTT connection ended",
	ReasonMore:        "and {count} more",
	ReasonSeesNothing: "{property} ({register}) reads {raw}, which stands for no value: the " +
		"sensor behind it is " +
		"missing or broken",
	ReasonRegisterMute: "{property} ({register}) gives no answer",
	ReasonSerialMissing: "there is no serial line {line}: check the name; adapters are " +
		"renumbered when they are " +
		"plugged in again, and names below /dev/serial/by-id are not",
	ReasonSerialClosed: "the serial line {line} may not be opened: give the driver's user access " +
		"to it (group " +
		"dialout)",
	ReasonSerialMute: "no answer on {line} within {within}: check the unit id, the baud rate, " +
		"the parity and the " +
		"wiring",
	ReasonSerialBroken: "the serial line {line} does not work: {detail}; check the baud rate, " +
		"the parity and the " +
		"wiring",

	ReasonModbusFunction: "{register} of unit {unit}: the equipment does not know this kind of " +
		"register (exception " +
		"1): try another table, e.g. holding for input",
	ReasonModbusAddress: "{register} of unit {unit}: the equipment has no such register " +
		"(exception 2): check the " +
		"address against its manual; manuals often count from 1, or write 40001 for holding:0",
	ReasonModbusValue: "{register} of unit {unit}: the equipment refuses this value or length " +
		"(exception 3): " +
		"check the form in the profile",
	ReasonModbusFailed: "{register} of unit {unit}: the equipment has failed (exception 4): look " +
		"at the equipment " +
		"itself",
	ReasonModbusBusy: "{register} of unit {unit}: the equipment is busy (exception {exception}): " +
		"poll it less " +
		"often",
	ReasonModbusPath: "{register} of unit {unit}: the Modbus gateway has no way to this unit " +
		"(exception 10): " +
		"check the gateway's serial line and its routing",
	ReasonModbusUnit: "{register} of unit {unit}: no such unit answers behind the Modbus gateway " +
		"(exception 11): " +
		"check the unit id, the wiring and the unit's power",
	ReasonModbusOther: "{register} of unit {unit}: the equipment answers exception {exception}: " +
		"look it up in its " +
		"manual",

	ReasonClientID: "{address} refuses the client id {client_id}: give another",
	ReasonTopicForbidden: "the broker does not let this user read {topic}: change the broker's " +
		"access list, or the " +
		"topic",
	ReasonNoSubscription:  "the broker did not answer the subscription within {within}",
	ReasonBrokerHungUp:    "the broker hung up: {detail}",
	ReasonBrokerSaysAway:  "its broker says that it is {word}",
	ReasonAvailabilityOdd: "the availability message \"{word}\" is neither \"{up}\" nor \"{down}\"",

	ReasonNeverCalled: "the terminal has not called: set its cloud server (ADMS) to {where}, and " +
		"compare its " +
		"serial number with {serial}",
	ReasonWrongCaller: "calls with its serial number come from {from} and are refused: {detail}",
	ReasonCalledLast:  "the terminal has not called since {since}: check its power and its network",
	ReasonLinesOdd: "{bad} of {lines} log lines could not be read ({detail}); they are kept with " +
		"what was " +
		"refused",
	ReasonNotListening: "the driver does not listen yet; check its setting listen",
	ReasonSerialTaken: "serial number {serial} belongs to device \"{device}\" already; serial " +
		"numbers are each " +
		"terminal's own",
	ReasonTerminalSays:  "the terminal refuses: {detail} ({number})",
	ReasonNotFetched:    "the terminal did not call in time; the command is withdrawn",
	ReasonCommandsQueue: "{count} commands wait for the terminal already; check that it calls",

	ReasonPictureFrozen: "the camera sends the same picture again and again; switch it off and on",
	ReasonPictureBlack: "the picture is black; look for a cap or tape on the lens, for light, " +
		"and whether infrared " +
		"light is on",
	ReasonPictureCovered: "the picture shows nothing; something covers the lens",
	ReasonPictureBlurred: "the picture has no sharp edge; clean the lens and set its focus",

	ReasonCameraClosed: "the camera at {address} closed the connection",
	ReasonCameraBlind: "the camera at {address} sends data, but no complete picture for {within}; " +
		"set its key frame interval (I-frame interval, GOP) to 2 seconds or less",
	ReasonCameraNoVideo: "the stream at {address} has no H.264 or H.265 video, it has {has}; " +
		"set the camera's video encoding to H.264",
	ReasonCameraUnknown: "there is no host named \"{host}\"; check its spelling, or give the " +
		"camera's IP address",
	ReasonCameraUntrusted: "the certificate of the camera at {address} is not trusted; " +
		"install one that is, or use rtsp:// in a network of its own",
	ReasonCameraNoAnswer: "nothing answers at {address} within {within}; " +
		"check the address, and that the camera is on and reachable from this machine",
	ReasonCameraRefuses: "the host {host} refuses connections on port {port}; " +
		"check the port (usually 554) and that RTSP is switched on in the camera",
	ReasonCameraQuiet: "the camera at {address} has sent nothing for {within}",
	ReasonCameraNoRTSP: "{address} closed the connection without an answer; " +
		"check that the port is the camera's RTSP port, usually 554",
	ReasonCameraOdd:      "the camera at {address} does not speak RTSP as expected: {detail}",
	ReasonCameraLogin:    "the camera at {address} asks for a user name and password",
	ReasonCameraPassword: "the camera at {address} refuses this user name or password",
	ReasonCameraForbids: "the camera at {address} does not let this user watch; give it the " +
		"right to view the stream",
	ReasonCameraNoStream: "the camera at {address} has no stream \"{path}\"; its manual names " +
		"the path",
	ReasonCameraNoTCP: "the camera at {address} does not send over TCP; " +
		"allow \"RTP over RTSP\" or \"RTP over TCP\" in it",
	ReasonCameraFull: "the camera at {address} has no room for another viewer ({status}); " +
		"close another one",
	ReasonCameraStatus: "the camera at {address} answered {status}",
	ReasonCameraSendsOn: "the camera sends us on to {address}, which asks for a password; " +
		"passwords stay with the address that they were given for: register that address itself",

	ReasonCounterNever: "the device has not called: open {where}/till/ on it, or set that as its server, " +
		"and sign it in as {serial}",
	ReasonCounterSecret: "who calls with its serial number shows another secret: type the device's " +
		"secret anew at the device",

	ReasonNoAskAnswer: "the gateway did not answer in time",
	ReasonNobody:      "nobody is known by what was shown",
	ReasonPassExpired: "the time of what was shown is over",
	ReasonPersonLeft:  "who holds it does not belong to the school any more",
	ReasonPassEarly:   "the time of what was shown has not begun",
	ReasonPassInside:  "who holds it is inside already",
	ReasonPassHeld:    "please go to the guard",

	ReasonMealEaten:    "they had this meal today",
	ReasonMealNotTheir: "this is not one of their meals",
	ReasonNoMeal:       "no meal is served at this time: make a session of the kind meal",
	ReasonServedAnyway: "staff served them although the answer was no",

	ReasonLevelStaff:      "{level}: only staff pass now",
	ReasonLevelResponders: "{level}: nobody passes now but those who respond",
	ReasonLevelFree:       "{level}: everybody passes now",
}

// ReasonText returns the English text of a code; "" for an unknown code.
func ReasonText(code ReasonCode) string { return reasonTexts[code] }

// ReasonTexts returns every code of the gateway's own drivers with its English text, for
// translators: {name} is a param.
func ReasonTexts() map[ReasonCode]string { return maps.Clone(reasonTexts) }
