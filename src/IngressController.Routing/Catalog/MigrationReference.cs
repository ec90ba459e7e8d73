using System.Text;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Catalog;

/// <summary>Writes the table of docs/migrating-from-ingress-nginx.md from the catalogue.</summary>
public static class MigrationReference
{
    /// <summary>The table with one row per annotation of ingress-nginx.</summary>
    /// <exception cref="InvalidOperationException">The catalogue does not know one of them.</exception>
    public static string Markdown(AnnotationCatalog catalog)
    {
        var text = new StringBuilder("| annotation | here | difference, or what to write instead |\n|---|---|---|\n");
        foreach (var name in IngressNginxAnnotations.Names)
        {
            var key = catalog.Find(name) ?? throw new InvalidOperationException($"the annotation {name} is not in the catalogue");
            text.Append($"| {Link(name, key)} | {Status(key)} | {AnnotationReference.Cell(Remark(name, key))} |\n");
        }

        return text.ToString();
    }

    /// <summary>Annotations that have an effect have a section of their own in docs/annotations.md.</summary>
    private static string Link(string name, AnnotationKey key) => key.IsSupported ? $"[`{name}`](annotations.md#{key.Name})" : $"`{name}`";

    private static string Status(AnnotationKey key) => key.Support switch
    {
        AnnotationSupport.Supported => key.Difference is null ? "same" : "same, with a difference",
        AnnotationSupport.NotYet => key.OnBadValue == OnBadValue.CloseRoute ? "planned; closes the paths" : "planned",
        AnnotationSupport.NoOp => "accepted, nothing to do",
        AnnotationSupport.Never => "refused",
        _ => throw new ArgumentOutOfRangeException(nameof(key), key.Support, "unknown support"),
    };

    private static string Remark(string name, AnnotationKey key)
    {
        var remark = key.Support switch
        {
            AnnotationSupport.NotYet planned => $"Until then, {planned.Meanwhile}.",
            AnnotationSupport.NoOp noOp => noOp.Why,
            AnnotationSupport.Never never => $"{char.ToUpperInvariant(never.Instead[0])}{never.Instead[1..]}.",
            _ => key.Difference ?? "",
        };
        return name == key.Name ? remark : $"The older name of {key.Name}. {remark}".TrimEnd();
    }
}
