// Package paint paints the pictures of the demonstration: generative art, made
// from numbers alone, so that a gallery has something to hide without a single
// file in the repository.
//
// A [Picture] is a way of painting; its variation 0 is the one that was looked
// at and hung, every other number gives a sibling. Painting is deterministic:
// the same variation gives the same picture, up to the last bit of rounding in
// which processors differ.
package paint
