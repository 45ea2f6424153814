// The mistake: the dose is lowered at the onset. The text lowers it at the recovery (L13, L16, L19, L23, L26).
// To be named: ANC-04 PLT-04 PN-07 RASH-04 OTH-03

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  lowersAtOnset() {
    return true;
  }
}

serve(() => new Faulty());
