import { open_test_store } from "../support/store.ts";
import { describe_file_backed_store } from "./contract/file-backed-store.ts";
import { describe_span_store } from "./contract/span-store.ts";

describe_span_store("DuckDB", open_test_store);
describe_file_backed_store("DuckDB", open_test_store);
