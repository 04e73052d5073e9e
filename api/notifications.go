package api

import (
	"net/http"
	"strconv"

	"invisibleart.example/gallery"
)

type notificationShape struct {
	ID        string                   `json:"id"`
	Seq       int64                    `json:"seq"`
	Message   string                   `json:"message"`
	Data      gallery.NotificationData `json:"data"`
	CreatedAt *string                  `json:"created_at"`
	ReadAt    *string                  `json:"read_at"`
}

func shapeNotification(n gallery.Notification) notificationShape {
	return notificationShape{
		ID: n.ID, Seq: n.Seq, Message: n.Message, Data: n.Data,
		CreatedAt: stamp(n.CreatedAt), ReadAt: stamp(n.ReadAt),
	}
}

// announcementShape leaves out the number, which is internal to the servers.
type announcementShape struct {
	ID        string  `json:"id"`
	Message   string  `json:"message"`
	CreatedAt *string `json:"created_at"`
}

func shapeAnnouncement(a gallery.Announcement) announcementShape {
	return announcementShape{ID: a.ID, Message: a.Message, CreatedAt: stamp(a.CreatedAt)}
}

// inboxShape is a list with what belongs beside it.
type inboxShape struct {
	list[notificationShape]
	Unread        int64               `json:"unread_count"`
	Announcements []announcementShape `json:"announcements"`
}

func (a *api) listNotifications(w http.ResponseWriter, r *request) error {
	var page gallery.Page
	var unread bool
	if err := readQuery(r, func(q *query) {
		page = q.page()
		flag := q.flag("unread")
		unread = flag != nil && *flag
	}); err != nil {
		return err
	}
	inbox, err := a.Curator.Inbox(r.Context(), r.who, unread, page)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, inboxShape{
		list:          listOf(inbox.Notifications, inbox.Next, shapeNotification),
		Unread:        inbox.Unread,
		Announcements: listOf(inbox.Announcements, "", shapeAnnouncement).Results,
	})
}

// maxIDs is how many notifications one request may mark; up_to marks any number.
const maxIDs = 100

func (a *api) markRead(w http.ResponseWriter, r *request) error {
	var ids []string
	var upTo *int64
	if err := readJSON(w, r, func(f fields) { ids, upTo = readMarks(f) }); err != nil {
		return err
	}
	unread, err := a.Curator.MarkRead(r.Context(), r.who, ids, upTo)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]int64{"unread_count": unread})
}

// readMarks reads {ids} or {up_to}, never both.
func readMarks(f fields) (ids []string, upTo *int64) {
	list, some := f.get("ids")
	seq, all := f.get("up_to")
	if some == all {
		f.note("body", "must have either ids or up_to")
		return nil, nil
	}
	if all {
		n := f.whole("up_to", seq)
		return nil, &n
	}
	items, ok := list.([]any)
	if !ok || len(items) > maxIDs {
		f.wrong("ids", "must be a list of at most 100 ids")
		return nil, nil
	}
	for i, item := range items {
		ids = append(ids, f.asText("ids["+strconv.Itoa(i)+"]", item))
	}
	return ids, nil
}

func (a *api) broadcast(w http.ResponseWriter, r *request) error {
	var message string
	if err := readJSON(w, r, func(f fields) { message = f.text("message") }); err != nil {
		return err
	}
	announcement, err := a.Curator.Broadcast(r.Context(), r.who, message)
	if err != nil {
		return err
	}
	// Accepted, not done: the sockets hear it after this answer.
	return reply(w, http.StatusAccepted, shapeAnnouncement(announcement))
}
