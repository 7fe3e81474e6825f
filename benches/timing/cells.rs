//! A cell of the LSTM with its unit vectors: both roles, offline and online.

use benches::Result;
use benches::recurrent::{RecordedCell, cell};
use benches::timing::class::Class;
use benches::timing::measure::Subject;
use oblivious_transfer::bits::BitVec;
use ot_nonlinear::Cell;
use shares::{Ring, Role};

/// Secrets of a party: its shares, and the choices of its OTs.
const CLASSES: &str = "shares and choices 0 / 1";

pub(crate) fn subjects() -> Result<Vec<Subject>> {
    let subject = |role, [offline, online]: [&'static str; 2]| -> Result<[Subject; 2]> {
        let ready = |cell: &mut Secrets, class| cell.set(class).and_then(|()| cell.prepare());
        Ok([
            Subject::new([offline, CLASSES], Secrets::new(role)?, Secrets::set, |cell, ()| cell.prepare()),
            Subject::new([online, CLASSES], Secrets::new(role)?, ready, |cell, ready| cell.run(ready)),
        ])
    };
    let client = subject(Role::Client, ["LSTM cell: client offline", "LSTM cell: client online"])?;
    let server = subject(Role::Server, ["LSTM cell: server offline", "LSTM cell: server online"])?;
    Ok(client.into_iter().chain(server).collect())
}

/// A recorded cell, and what the secrets of a role are in either class.
struct Secrets {
    role: Role,
    cell: RecordedCell,
    shares: [Vec<u32>; 2],
    /// For the unit vectors, then by part.
    choices: Vec<[BitVec; 2]>,
}

impl Secrets {
    fn new(role: Role) -> Result<Self> {
        let cell = RecordedCell::record(cell()?)?;
        let shares = [0, Ring::new(cell.ell()).mask()].map(|share| vec![share; cell.values()]);
        let both = |count| [false, true].map(|choice| BitVec::from_bools(&vec![choice; count]));
        Ok(Self { role, shares, choices: cell.choices(role).map(both).collect(), cell })
    }

    fn set(&mut self, class: Class) -> Result<()> {
        let choices = self.choices.iter().map(|both| class.choose(both)).collect();
        self.cell.replace(self.role, class.choose(&self.shares), choices);
        Ok(())
    }

    /// Offline: condenses the OTs, makes the unit vectors and takes the shares.
    fn prepare(&self) -> Result<Cell> {
        match self.role {
            Role::Client => self.cell.start_client(self.cell.prepare_client()?.1),
            Role::Server => self.cell.start_server(),
        }
    }

    /// All turns.
    fn run(&self, ready: Cell) -> Result<Vec<u32>> {
        self.cell.run(self.role, ready)
    }
}
