//! No type that holds weights can be printed.

use std::fmt::Debug;

use deepcardio::Model;
use deepcardio::kernel::Convolution;
use deepcardio::model::LayerWeights;
use deepcardio::trace::{StageTrace, Trace};

/// Does not compile if the type has `Debug`: then there are two ways to read `AmbiguousIfDebug<_>`.
macro_rules! assert_no_debug {
    ($($secret:ty),* $(,)?) => {
        $({
            trait AmbiguousIfDebug<Marker> {
                fn check() {}
            }
            struct HasDebug;
            impl<T: ?Sized> AmbiguousIfDebug<()> for T {}
            impl<T: ?Sized + Debug> AmbiguousIfDebug<HasDebug> for T {}
            <$secret as AmbiguousIfDebug<_>>::check();
        })*
    };
}

#[test]
fn secrets_have_no_debug() {
    assert_no_debug!(Model, LayerWeights, Convolution<i32>, Convolution<u32>, Trace, StageTrace);
}
