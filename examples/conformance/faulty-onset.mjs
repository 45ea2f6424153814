// The mistake: the dose is lowered at the onset. The text lowers it at the recovery (L13, L16, L19, L23, L26).
// To be named: ANC-01 PLT-01 PN-05 RASH-02 OTH-01 B-RESUME-TIMING

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  lowersAtOnset() {
    return true;
  }
}

serve(() => new Faulty());
