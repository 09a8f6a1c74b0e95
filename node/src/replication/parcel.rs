//! What a customer told at a device that may not hold it: sealed for the staff devices, so that neither the device
//! itself nor whoever passes it on can read it.

use branchmesh_model::ids::DeviceId;
use crypto_box::{PublicKey, SecretKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::envelope::Envelope;

/// Names a parcel; all sealings of it have the same.
pub type ParcelId = [u8; 16];

/// A sealed envelope on its way to one staff device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parcel {
    /// Its name.
    pub id: ParcelId,
    /// The device that sealed it.
    pub from: DeviceId,
    /// The device that can open it.
    pub to: DeviceId,
    /// The envelope, encrypted to `to` (an anonymous sealed box on the x25519 form of its key).
    pub sealed: ByteBuf,
}

/// The name of the parcel that carries `envelope`.
pub fn parcel_id(envelope: &Envelope) -> ParcelId {
    let mut id = [0; 16];
    id.copy_from_slice(&blake3::derive_key("branchmesh parcel 1", &envelope.signature)[..16]);
    id
}

/// Encrypts `envelope` so that only `to` can read it; `None` if `to` is no valid key.
pub fn seal(envelope: &Envelope, to: &DeviceId, rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
    let key = VerifyingKey::from_bytes(&to.0).ok()?.to_montgomery();
    let bytes = postcard::to_stdvec(envelope).expect("an envelope holds only plain data");
    PublicKey::from(key.to_bytes()).seal(rng, &bytes).ok()
}

/// Opens what was sealed for the device with this key; `None` if it was not, or was damaged.
pub fn open(sealed: &[u8], key: &SigningKey) -> Option<Envelope> {
    let bytes = SecretKey::from(key.to_scalar_bytes()).unseal(sealed).ok()?;
    postcard::from_bytes(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn only_the_addressee_opens_a_parcel() {
        let keys = [[1; 32], [2; 32]].map(|secret| SigningKey::from_bytes(&secret));
        let to = DeviceId(keys[0].verifying_key().to_bytes());
        let envelope = Envelope {
            doc: "visit/x".parse().expect("a valid name"),
            author: to,
            n: 1,
            actor: vec![1; 16],
            seq: 1,
            change: b"card 6222021234567890".to_vec(),
            signature: vec![3; 64],
        };
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let mut sealed = seal(&envelope, &to, &mut rng).expect("a valid key");
        assert!(!sealed.windows(4).any(|w| w == b"6222"));
        assert_eq!(open(&sealed, &keys[0]), Some(envelope));
        assert_eq!(open(&sealed, &keys[1]), None);
        *sealed.last_mut().expect("not empty") ^= 1;
        assert_eq!(open(&sealed, &keys[0]), None);
    }
}
