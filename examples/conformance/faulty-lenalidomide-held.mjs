// The mistake: neuropathy holds lenalidomide too. The text names ixazomib alone (L18, L19).
// To be named: PN-01 PN-05 B-LEN-PN

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  drugsHeldFor(family) {
    return family === "neuropathy" ? [this.ixazomib, this.lenalidomide] : super.drugsHeldFor(family);
  }
}

serve(() => new Faulty());
