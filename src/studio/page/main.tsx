import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

const page = document.getElementById("page");
if (page === null) throw new Error("the page has no place for it");
createRoot(page).render(<StrictMode>hello</StrictMode>);
