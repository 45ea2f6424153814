// What the active states of an exported machine mean to a person, by the meanings that the export gives its states.
//
// A drug's state has `drug`, `dose_mg` and `standing`; a toxicity's state that holds drugs has a `reason`.

export function standingOf(active, meanings) {
  for (const phase of ["screening", "discontinued"]) {
    if (active.has(phase)) return { ...notTreated, state: phase, phase };
  }
  // In document order, which is the order of the meanings.
  const now = [...meanings].filter(([id]) => active.has(id)).map(([, meaning]) => meaning);
  const drug = (name) => now.find((meaning) => meaning.drug === name);
  const [ixazomib, lenalidomide] = [drug("ixazomib"), drug("lenalidomide")];
  const reasons = now.filter((meaning) => meaning.reason).map((meaning) => meaning.reason);
  const standing = {
    phase: "on treatment",
    ixazomib_mg: ixazomib.dose_mg,
    lenalidomide_mg: lenalidomide.dose_mg,
    ixazomib_held: ixazomib.standing !== "given",
    lenalidomide_held: lenalidomide.standing !== "given",
    held_for: reasons,
  };
  return { state: words(standing), ...standing };
}

const notTreated = {
  ixazomib_mg: null,
  lenalidomide_mg: null,
  ixazomib_held: false,
  lenalidomide_held: false,
  held_for: [],
};

function words({ ixazomib_mg: mg, ixazomib_held: held, lenalidomide_held: withoutLenalidomide, held_for: reasons }) {
  if (held) return `held for ${reasons.join(", ")}`;
  return `active at ${mg} mg${withoutLenalidomide ? `, lenalidomide held for ${reasons.join(", ")}` : ""}`;
}
