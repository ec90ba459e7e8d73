using IngressController.Routing.Annotations;

namespace IngressController.Views;

/// <summary>An annotation as <c>annotations</c> shows it.</summary>
internal sealed record AnnotationView(
    string Group, string Name, string[] Aliases, string Value, string? Default, string Concerns, string OnBadValue, string Support, string Documentation)
{
    public static AnnotationView Of(string group, AnnotationKey key) => new(
        group, key.Name, [.. key.Aliases], key.FormDescription, key.Default, key.ScopeText, key.BadValueText, key.SupportText, key.Documentation);
}
