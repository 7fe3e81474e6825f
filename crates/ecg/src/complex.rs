//! Complex numbers, as far as filter design needs them.

use std::ops::{Add, Div, Mul, Sub};

/// `re + i im`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Complex {
    pub(super) re: f64,
    pub(super) im: f64,
}

impl Complex {
    pub(super) fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    pub(super) fn conjugate(self) -> Self {
        Self::new(self.re, -self.im)
    }

    /// The square root with a real part that is not negative.
    pub(super) fn sqrt(self) -> Self {
        let modulus = self.re.hypot(self.im);
        let (re, im) = (((modulus + self.re) / 2.0).sqrt(), ((modulus - self.re) / 2.0).sqrt());
        Self::new(re, im.copysign(self.im))
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.re + other.re, self.im + other.im)
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.re - other.re, self.im - other.im)
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self::new(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)
    }
}

impl Div for Complex {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let norm = other.re * other.re + other.im * other.im;
        let product = self * other.conjugate();
        Self::new(product.re / norm, product.im / norm)
    }
}
