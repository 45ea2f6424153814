// The mistake: > for ≥; treatment goes on after two reductions of ixazomib, for one more (L14, L17, L18, L20, L24, L27).
// To be named: ANC-07 PLT-09 PN-04 PN-08 RASH-07 OTH-05

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  spent() {
    const { reductions, ladder, firstStep } = this.ixazomib;
    return reductions > ladder.length - 1 - firstStep;
  }
}

serve(() => new Faulty());
