package meals

// words describes fields in the document, as the gate's Words takes them.
const words = `
MealCount.meal: The name of its sessions; empty: given while no meal was served.
MealCount.meal_zh: The Chinese name.
MealCount.start: When the first sitting begins.
MealCount.end: When the last sitting ends.
MealCount.expected: How many may eat it.
MealCount.away: Of these, on leave during the meal.
MealCount.eaten: How many people have eaten, each once.
MealCount.again: Further meals of people who had eaten already.
MealCount.unknown: Given to somebody whom nobody knows, such as a guest.
MealCount.anyway: Given by staff although the answer was no.
MealCount.offline: Given while the till had no answer.
MealCount.classes: The same by class.
MealClass.class: The class; empty: of those who are in none.
MealClass.expected: How many may eat it.
MealClass.away: Of these, on leave during the meal.
MealClass.eaten: How many have eaten.
Diner.person: Who; absent: nobody knows.
Diner.name: Their name.
Diner.class: Their class.
Diner.away: On leave during the meal.
MealException.person: Who; absent: nobody knows.
MealException.name: Their name.
MealException.class: Their class.
MealException.at: When it was given.
MealException.again: They had eaten this meal already.
MealException.device: The till.
MealException.why: What staff said who gave it although the answer was no.
ClassMeals.school: The school.
ClassMeals.class: The class.
ClassMeals.meals: The names of its meals; none: it eats none.
Diet.person: Who.
Diet.name: Their name.
Diet.class: Their class.
Diet.note: What they must not eat, or need.
Diet.own: meals are theirs, whatever their class eats.
Diet.meals: With own: the names of their meals.
`
