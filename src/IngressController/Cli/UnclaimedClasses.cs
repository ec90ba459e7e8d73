using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources.Folder;
using IngressController.Views;
using k8s.Models;

namespace IngressController.Cli;

/// <summary>Finds the classes of Ingresses that are not claimed, and the option that claims each.</summary>
internal static class UnclaimedClasses
{
    public static IEnumerable<UnclaimedClass> Of(ManifestSet set, Translation translation)
    {
        var classes = set.OfType<V1IngressClass>().ToDictionary(ingressClass => ingressClass.Metadata.Name, StringComparer.Ordinal);
        return set.OfType<V1Ingress>().Where(ingress => !translation.Claims(ingress.ResourceName))
            .GroupBy(ingress => ClassOf(ingress, classes))
            .OrderBy(group => group.Key.Name, StringComparer.Ordinal).ThenBy(group => group.Key.Class is not null)
            .Select(group => Describe(group.Key.Name, group.Key.Class, group.Count()));
    }

    /// <summary>The class that an Ingress names, and its IngressClass, which only the field in the spec refers to.</summary>
    private static (string Name, V1IngressClass? Class) ClassOf(V1Ingress ingress, Dictionary<string, V1IngressClass> classes) =>
        ingress.Spec?.IngressClassName is { Length: > 0 } name ? (name, classes.GetValueOrDefault(name)) : (AnnotationReader.LegacyClass(ingress) ?? "", null);

    private static UnclaimedClass Describe(string name, V1IngressClass? ingressClass, int ingresses)
    {
        // An IngressClass in the manifests decides by its controller, as in a cluster; the legacy annotation by its value alone.
        var controller = ingressClass?.Spec?.Controller;
        return new UnclaimedClass(name, controller, ingresses, name.Length == 0
            ? "--watch-ingress-without-class"
            : Option(ingressClass is null ? "--ingress-class" : "--controller-class", ingressClass is null ? name : controller));
    }

    /// <summary>A value that a shell would read differently is not offered.</summary>
    private static string? Option(string flag, string? value) =>
        value is { Length: > 0 and <= 100 } && value[0] != '-' && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/') ? $"{flag} {value}" : null;
}
