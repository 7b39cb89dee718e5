type Props = { row: { has_children: boolean; is_folded: boolean }; on_fold: () => void };

/** Folds what is below a row. Where there is nothing it is there unseen, so that a row keeps its elements whatever it shows. */
export function FoldButton({ row: { has_children, is_folded }, on_fold }: Props) {
  return (
    <button
      type="button"
      tabIndex={-1}
      className={has_children ? undefined : "is-nothing"}
      aria-label={is_folded ? "Unfold" : "Fold"}
      onClick={(event) => {
        event.stopPropagation();
        on_fold();
      }}
    >
      {is_folded ? "▸" : "▾"}
    </button>
  );
}
