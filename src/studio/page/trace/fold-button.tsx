type Props = { row: { has_children: boolean; is_folded: boolean }; on_fold: () => void };

/** Folds what is below a row, or takes the same room. */
export function FoldButton({ row: { has_children, is_folded }, on_fold }: Props) {
  if (!has_children) return <span className="fold-space" />;
  return (
    <button
      type="button"
      tabIndex={-1}
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
