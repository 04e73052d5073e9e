package django

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The rows are read as text, whatever the engine and the types of its columns:
// ids may be UUIDs, hex or numbers, times have a zone or not, booleans are
// words or digits. value.go turns the text into what it means.

// each runs a query of n columns and hands every row to fn as it comes, NULL as
// "". While it runs nothing else can be read of the Gallery.
func (g *Gallery) each(ctx context.Context, query string, args []any, n int, fn func(row []string) error) error {
	rows, err := g.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read the old database: %w", err)
	}
	defer rows.Close()
	cells, dest := make([]sql.NullString, n), make([]any, n)
	for i := range cells {
		dest[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("read the old database: %w", err)
		}
		row := make([]string, n)
		for i, c := range cells {
			row[i] = c.String
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the old database: %w", err)
	}
	return nil
}

// record is a row by the names of its columns.
type record map[string]string

// records reads columns of a table as each does. rest is what follows the
// table's name.
func (g *Gallery) records(ctx context.Context, table, rest string, args []any, columns []string, fn func(record) error) error {
	query := "SELECT " + asText(columns) + " FROM " + table + " " + rest
	return g.each(ctx, query, args, len(columns), func(row []string) error {
		r := make(record, len(columns))
		for i, column := range columns {
			r[column] = row[i]
		}
		return fn(r)
	})
}

func asText(columns []string) string {
	cast := make([]string, len(columns))
	for i, c := range columns {
		cast[i] = "CAST(" + c + " AS TEXT)"
	}
	return strings.Join(cast, ", ")
}

// page reads the next rows of a table after an id ("" from the beginning), in
// the order of the ids: for tables whose rows lead to further questions.
func (g *Gallery) page(ctx context.Context, table, after string, size int, columns []string) (list []record, err error) {
	// Of the table: id alone would be the text that is selected, and PostgreSQL
	// would put 10 before 9.
	rest, args := fmt.Sprintf("ORDER BY %s.id LIMIT %d", table, size), []any(nil)
	if after != "" {
		rest, args = "WHERE id > "+g.param(table, "id")+" "+rest, []any{after}
	}
	err = g.records(ctx, table, rest, args, columns, func(r record) error {
		list = append(list, r)
		return nil
	})
	return list, err
}

// param is the first parameter, a text, as it is compared with a column.
// SQLite turns it into the column's type by itself.
func (g *Gallery) param(table, column string) string {
	if !g.typed {
		return "$1"
	}
	return "CAST(CAST($1 AS text) AS " + g.types[table][column] + ")"
}

// number asks for one number.
func (g *Gallery) number(ctx context.Context, query string, args ...any) (n int64, err error) {
	if err := g.tx.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("read the old database: %w", err)
	}
	return n, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
