package paint

// pointIndex finds the points around a place: a grid of buckets.
type pointIndex struct {
	cell       float64
	cols, rows int
	buckets    [][]int
	near       [][]int // for each bucket, the points of its neighbourhood
}

func newPointIndex(w, h, cell float64) *pointIndex {
	cols, rows := int(w/cell)+1, int(h/cell)+1
	return &pointIndex{cell: cell, cols: cols, rows: rows, buckets: make([][]int, cols*rows)}
}

func (g *pointIndex) bucket(p vec) (col, row int) {
	return min(max(int(p.x/g.cell), 0), g.cols-1), min(max(int(p.y/g.cell), 0), g.rows-1)
}

func (g *pointIndex) add(p vec, i int) {
	col, row := g.bucket(p)
	g.buckets[row*g.cols+col] = append(g.buckets[row*g.cols+col], i)
}

// settle gathers the neighbourhoods once all points are in.
func (g *pointIndex) settle() {
	g.near = make([][]int, len(g.buckets))
	for row := range g.rows {
		for col := range g.cols {
			for y := max(row-2, 0); y <= min(row+2, g.rows-1); y++ {
				for x := max(col-2, 0); x <= min(col+2, g.cols-1); x++ {
					g.near[row*g.cols+col] = append(g.near[row*g.cols+col], g.buckets[y*g.cols+x]...)
				}
			}
		}
	}
}

// around lists the points near p, at least all within two cells. It must be
// settled.
func (g *pointIndex) around(p vec) []int {
	col, row := g.bucket(p)
	return g.near[row*g.cols+col]
}
