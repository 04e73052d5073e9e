// Package gallery is the domain of the Invisible Art Gallery: artists hang
// works that nobody can see, each stays sealed until its condition is met, and
// in that moment everybody who is watching sees it appear together.
//
// What stands here is the vocabulary and the rules, as plain data and pure
// functions: what an artwork, a person, a comment and a notification are
// ([Artwork], [User], [Comment], [Notification]), when a work reveals ([Judge]),
// which numbers of viewers are worth telling its artist ([MilestonesCrossed]),
// what text is fit to print ([TitleText] and its neighbours), what can happen
// ([Event]) and what can go wrong ([Error]). It reads no clock, opens no file
// and imports nothing but the standard library; everything else in the module
// is an adapter around it.
//
// Times are in UTC with the precision of the microsecond, as they are stored;
// ids are UUIDs in their canonical lower-case spelling. All types are plain
// values: they may be copied, and are safe for concurrent use as long as
// nobody writes to them.
package gallery
