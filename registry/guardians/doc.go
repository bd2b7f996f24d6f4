// Package guardians keeps who may see, without a user of their own, what is known of their children: each
// school's public page, the codes that are sent to the address that the school has, and who is signed in
// for an hour. An address that the school does not have gets the same answers. It decides of nobody whose
// guardian they are: a pupil's page says that.
package guardians
