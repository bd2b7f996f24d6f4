package gatehouse

import "time"

// MealCount is one meal of a school's day: the sessions of kind meal that bear one name, its
// sittings, together.
type MealCount struct {
	Meal     string      `json:"meal"` // the sessions' name; "": given while no meal was served
	MealZH   string      `json:"meal_zh,omitempty"`
	Start    time.Time   `json:"start,omitzero"` // of the first sitting
	End      time.Time   `json:"end,omitzero"`   // of the last
	Expected int         `json:"expected"`       // who may eat it
	Away     int         `json:"away"`           // of these, on leave meanwhile
	Eaten    int         `json:"eaten"`          // people, each once
	Again    int         `json:"again"`          // further meals of people who had eaten
	Unknown  int         `json:"unknown"`        // given to somebody whom nobody knows
	Anyway   int         `json:"anyway"`         // given by staff although the answer was no
	Offline  int         `json:"offline"`        // given while the till had no answer
	Classes  []MealClass `json:"classes"`
}

// MealClass is what the kitchen counts of a class; "" stands for those who are in none.
type MealClass struct {
	Class    string `json:"class"`
	Expected int    `json:"expected"`
	Away     int    `json:"away"`
	Eaten    int    `json:"eaten"`
}

// Diner is somebody on a list of a meal.
type Diner struct {
	Person PersonID `json:"person,omitempty"` // "": nobody knows who it was
	Name   string   `json:"name,omitempty"`
	Class  string   `json:"class,omitempty"`
	Away   bool     `json:"away,omitempty"` // on leave meanwhile
}

// MealException is a meal that needs a look: one more than the person's, or one that staff gave
// although the answer was no.
type MealException struct {
	Person PersonID  `json:"person,omitempty"` // "": nobody knows who it was
	Name   string    `json:"name,omitempty"`
	Class  string    `json:"class,omitempty"`
	At     time.Time `json:"at"`
	Again  bool      `json:"again"`
	Device DeviceID  `json:"device"`
	Why    string    `json:"why,omitempty"` // what staff said
}

// ClassMeals are the meals of a class. A class without an entry eats every meal.
type ClassMeals struct {
	School SchoolID `json:"school"`
	Class  string   `json:"class"`
	Meals  []string `json:"meals"` // names of meals; none: the class eats none
}

// Diet is what a till has to know of one person.
type Diet struct {
	Person PersonID `json:"person"`
	Name   string   `json:"name,omitempty"`
	Class  string   `json:"class,omitempty"`
	Note   string   `json:"note,omitempty"` // what they must not eat, or need
	// Own: Meals are their meals, whatever their class eats.
	Own   bool     `json:"own"`
	Meals []string `json:"meals,omitempty"`
}
