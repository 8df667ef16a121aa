//! The greatest flow through a network, and the cut that limits it (Dinic 1970).
//!
//! Absent on purpose: costs.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use std::collections::VecDeque;

const NONE: usize = usize::MAX;

struct Arc {
    to: usize,
    left: usize,
    next: usize,
}

pub(super) struct Network {
    first: Vec<usize>,
    /// Arcs in pairs: each beside its reverse.
    arcs: Vec<Arc>,
    level: Vec<usize>,
    turn: Vec<usize>,
}

impl Network {
    pub fn new(nodes: usize) -> Self {
        Self { first: vec![NONE; nodes], arcs: Vec::new(), level: Vec::new(), turn: Vec::new() }
    }

    pub fn join(&mut self, from: usize, to: usize, capacity: usize) {
        for (from, to, left) in [(from, to, capacity), (to, from, 0)] {
            self.arcs.push(Arc { to, left, next: self.first[from] });
            self.first[from] = self.arcs.len() - 1;
        }
    }

    /// The greatest flow from one node to another, left standing in the network.
    pub fn greatest(&mut self, source: usize, sink: usize) -> usize {
        let mut flow = 0;
        while self.layer(source)[sink] != NONE {
            self.turn = self.first.clone();
            while self.path(source, sink) {
                flow += 1;
            }
        }
        flow
    }

    /// The nodes that more flow could still reach: the source's side of the least cut.
    pub fn reached(&mut self, source: usize) -> Vec<bool> {
        self.layer(source).iter().map(|&level| level != NONE).collect()
    }

    /// The nodes to which arcs were joined from a node.
    pub fn heads(&self, node: usize) -> Vec<usize> {
        let mut heads = Vec::new();
        let mut at = self.first[node];
        while at != NONE {
            if at.is_multiple_of(2) {
                heads.push(self.arcs[at].to);
            }
            at = self.arcs[at].next;
        }
        heads
    }

    fn layer(&mut self, source: usize) -> &[usize] {
        self.level = vec![NONE; self.first.len()];
        self.level[source] = 0;
        let mut queue = VecDeque::from([source]);
        while let Some(node) = queue.pop_front() {
            let mut at = self.first[node];
            while at != NONE {
                let Arc { to, left, next } = self.arcs[at];
                if left > 0 && self.level[to] == NONE {
                    self.level[to] = self.level[node] + 1;
                    queue.push_back(to);
                }
                at = next;
            }
        }
        &self.level
    }

    /// One unit along the layers, without recursion.
    fn path(&mut self, source: usize, sink: usize) -> bool {
        let mut taken: Vec<usize> = Vec::new();
        let mut node = source;
        while node != sink {
            let at = self.turn[node];
            if at == NONE {
                // A dead end: back one step, and past the arc that led here.
                let Some(back) = taken.pop() else { return false };
                node = self.arcs[back ^ 1].to;
                self.turn[node] = self.arcs[back].next;
                continue;
            }
            let Arc { to, left, next } = self.arcs[at];
            if left > 0 && self.level[to] == self.level[node] + 1 {
                taken.push(at);
                node = to;
            } else {
                self.turn[node] = next;
            }
        }
        for at in taken {
            self.arcs[at].left -= 1;
            self.arcs[at ^ 1].left += 1;
        }
        true
    }
}
