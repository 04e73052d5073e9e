// Package web is the gallery's pages: the wall, a work with its veil or its
// content, a comment form, and the door. They are plain HTML that reads without
// JavaScript; with it, a page that shows a work follows the work's socket, and
// the veil lifts in the moment of the reveal.
//
// Routes stand in routes.go, what holds for all of them (who asks, limits,
// headers) in serve.go, the one way an error becomes a page in fail.go.
// Templates and assets are embedded; [New] refuses to build pages from broken
// ones. Nothing is loaded from anywhere else, and the content security policy
// says so: no inline script, no inline style.
package web
