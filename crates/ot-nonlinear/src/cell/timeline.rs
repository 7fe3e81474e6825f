//! Who sends what when: the parts of a cell in as few messages as their order allows.
//!
//! The parties speak in turn, and each says all it can. A party that holds its peer's message of a
//! part's round computes its own message of that round and of the next. So a turn moves a part by
//! one round, as an exchange does in which both send. A part that begins with one party's message
//! begins together with the end of the part before.
//!
//! The client is asked first. If it has nothing to say, its turn is left out. That is so in a cell:
//! what the client says of the first gates went offline, and the server speaks first.

use shares::Role;

/// Sizes of a part and what it waits for.
#[derive(Clone, Debug)]
pub(super) struct PartSizes {
    /// Bytes of each round by sender, [`Role::index`].
    pub(super) rounds: Vec<[usize; 2]>,
    /// Parts whose results it takes.
    pub(super) after: &'static [usize],
}

/// One party's message of one round of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) part: usize,
    pub(super) round: usize,
}

/// What a party does next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// Computes its message.
    Send(Message),
    /// Takes the peer's message, which has come or is empty, after its own of the round.
    Receive(Message),
}

/// One turn: all messages of one party, one after another. None is empty.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) sender: Role,
    pub(super) messages: Vec<Message>,
    pub(super) bytes: usize,
}

/// How far a party is in each part.
pub(super) struct Progress {
    role: Role,
    /// Rounds whose message it has computed, taken from its peer, been sent by its peer.
    sent: Vec<usize>,
    received: Vec<usize>,
    arrived: Vec<usize>,
}

impl Progress {
    pub(super) fn new(role: Role, parts: usize) -> Self {
        let none = vec![0; parts];
        Self { role, sent: none.clone(), received: none.clone(), arrived: none }
    }

    /// A message of the peer has come.
    pub(super) fn arrive(&mut self, message: Message) {
        self.arrived[message.part] = message.round + 1;
    }

    fn finished(&self, parts: &[PartSizes], part: usize) -> bool {
        self.received[part] == parts[part].rounds.len()
    }

    /// Whether all parts have ended.
    pub(super) fn complete(&self, parts: &[PartSizes]) -> bool {
        (0..parts.len()).all(|part| self.finished(parts, part))
    }

    /// The next action, taken to be done. `None` while the party waits for its peer.
    pub(super) fn next(&mut self, parts: &[PartSizes]) -> Option<Action> {
        (0..parts.len()).find_map(|part| self.next_of(parts, part))
    }

    fn next_of(&mut self, parts: &[PartSizes], part: usize) -> Option<Action> {
        let PartSizes { rounds, after } = &parts[part];
        let round = self.received[part];
        let message = Message { part, round };
        let sizes = rounds.get(round)?;
        if self.sent[part] == round {
            let ready = after.iter().all(|before| self.finished(parts, *before));
            return ready.then(|| {
                self.sent[part] += 1;
                Action::Send(message)
            });
        }
        let here = sizes[self.role.peer().index()] == 0 || self.arrived[part] > round;
        here.then(|| {
            self.received[part] += 1;
            Action::Receive(message)
        })
    }
}

/// The turns of all parts, those without a message left out.
pub(super) fn compile(parts: &[PartSizes]) -> Vec<Turn> {
    let mut progress = [Role::Client, Role::Server].map(|role| Progress::new(role, parts.len()));
    let mut turns: Vec<Turn> = Vec::new();
    let (mut sender, mut silent) = (Role::Client, 0);
    while silent < 2 {
        let mut turn = Turn { sender, messages: Vec::new(), bytes: 0 };
        while let Some(action) = progress[sender.index()].next(parts) {
            if let Action::Send(message) = action {
                let bytes = parts[message.part].rounds[message.round][sender.index()];
                turn.bytes += bytes;
                turn.messages.extend((bytes > 0).then_some(message));
            }
        }
        turn.messages.iter().for_each(|message| progress[sender.peer().index()].arrive(*message));
        silent = if turn.messages.is_empty() { silent + 1 } else { 0 };
        turns.extend((!turn.messages.is_empty()).then_some(turn));
        sender = sender.peer();
    }
    turns
}

#[cfg(test)]
mod tests {
    use shares::Role;

    use super::{PartSizes, compile};

    fn both(rounds: usize, after: &'static [usize]) -> PartSizes {
        PartSizes { rounds: vec![[1, 1]; rounds], after }
    }

    fn ask(after: &'static [usize]) -> PartSizes {
        PartSizes { rounds: vec![[1, 0], [0, 1]], after }
    }

    #[test]
    fn a_part_takes_a_turn_a_round_and_one_more() {
        for rounds in 1..10 {
            let turns = compile(&[both(rounds, &[])]);
            assert_eq!(turns.len(), rounds + 1);
            assert!(turns.iter().enumerate().all(|(i, turn)| (turn.sender == Role::Server) == (i % 2 == 1)));
            assert_eq!(turns.iter().map(|turn| turn.bytes).sum::<usize>(), 2 * rounds);
        }
    }

    #[test]
    fn questions_and_answers_join_what_stands_around_them() {
        let parts =
            [both(6, &[]), ask(&[0]), both(1, &[1]), both(7, &[2]), both(6, &[2]), ask(&[4]), both(1, &[5])];
        assert_eq!(compile(&parts).len(), 17);
        assert_eq!(compile(&[ask(&[])]).len(), 2);
        assert_eq!(compile(&[ask(&[]), both(1, &[0])]).len(), 3);
    }

    #[test]
    fn an_empty_first_message_saves_its_turn() {
        let late = PartSizes { rounds: vec![[0, 1], [1, 1]], after: &[] };
        let turns = compile(&[late]);
        assert_eq!((turns.len(), turns[0].sender), (2, Role::Server));
    }
}
