//! The arithmetic of a commission: one rounding, in wide integers, always from cumulative amounts.

use crate::Minor;
use crate::admitted::Rate;
use crate::event::{Base, Line};

/// What the rate of a line is taken of, before refunds. Never negative.
pub fn line_base(line: &Line, base: Base) -> Minor {
    let amount = match base {
        Base::Paid => line.paid,
        Base::PaidLessTaxAndShipping => line.paid.minus(line.tax).minus(line.shipping),
        Base::ListLessSellerDiscount => line.list_price.unwrap_or(line.paid).minus(line.seller_discount),
    };
    amount.max(Minor::ZERO)
}

/// What a line earns when `refunded` of its `paid` has gone back:
/// `half_even(base × (paid − refunded) × rate_bp / (paid × 10,000))`; nothing for a gift or a line paid with 0.
pub fn line_commission(line: &Line, refunded: Minor, base: Base, rate: Rate) -> Minor {
    if line.gift || line.paid.0 <= 0 {
        return Minor::ZERO;
    }
    let paid = i128::from(line.paid.0);
    let left = (paid - i128::from(refunded.0)).clamp(0, paid);
    match rate {
        Rate::Share(bp) => {
            let base = i128::from(line_base(line, base).0);
            half_even(base * left * i128::from(bp.get()), paid * 10_000)
        }
        Rate::Amount(amount) => half_even(i128::from(amount.0) * left, paid),
    }
}

/// `numerator / denominator` rounded to the nearest integer, ties to even. The denominator is positive.
pub fn half_even(numerator: i128, denominator: i128) -> Minor {
    let (quotient, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let up = match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => quotient.rem_euclid(2),
        std::cmp::Ordering::Greater => 1,
    };
    Minor(i64::try_from(quotient + up).expect("amounts are bounded at the edge"))
}

/// Spreads `amount` over lines in proportion to what remains of each, by largest remainder (ties: the lowest
/// line). Never gives a line more than remains of it; spreads at most the sum of what remains.
pub fn spread(amount: Minor, remaining: &[Minor]) -> Vec<Minor> {
    let total: i128 = remaining.iter().map(|r| i128::from(r.0)).sum();
    if total <= 0 {
        return vec![Minor::ZERO; remaining.len()];
    }
    let amount = i128::from(amount.0).clamp(0, total);
    let mut shares: Vec<i128> = remaining.iter().map(|r| amount * i128::from(r.0) / total).collect();
    let mut by_remainder: Vec<usize> = (0..remaining.len()).collect();
    by_remainder
        .sort_by_key(|&i| std::cmp::Reverse(remaining.get(i).map(|r| amount * i128::from(r.0) % total)));
    let mut left = amount - shares.iter().sum::<i128>();
    for i in by_remainder {
        if let Some(share) = shares.get_mut(i).filter(|_| left > 0) {
            *share += 1;
            left -= 1;
        }
    }
    shares.into_iter().map(|s| Minor(i64::try_from(s).expect("a share is at most the amount"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let rounded: Vec<i64> = [-15, -5, 5, 14, 15, 16, 25].map(|n| half_even(n, 10).0).to_vec();
        assert_eq!(rounded, [-2, 0, 0, 1, 2, 2, 2]);
    }

    #[test]
    fn a_spread_gives_away_exactly_the_amount() {
        let spread = |amount, lines: &[i64]| -> Vec<i64> {
            let remaining: Vec<Minor> = lines.iter().map(|l| Minor(*l)).collect();
            super::spread(Minor(amount), &remaining).into_iter().map(|s| s.0).collect()
        };
        assert_eq!(spread(100, &[100, 100, 100]), [34, 33, 33]);
        assert_eq!(spread(1, &[0, 5, 5]), [0, 1, 0]);
        assert_eq!(spread(999, &[3, 4]), [3, 4]);
        assert_eq!(spread(5, &[0, 0]), [0, 0]);
        assert_eq!(spread(10, &[]), Vec::<i64>::new());
    }
}
