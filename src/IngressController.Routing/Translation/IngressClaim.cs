using System.Collections.Immutable;
using IngressController.Routing.Annotations;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>Decides which Ingresses are claimed. Made once per pass from all IngressClasses.</summary>
internal sealed class IngressClaim
{
    private readonly TranslationSettings _settings;
    private readonly ImmutableDictionary<string, V1IngressClass> _classes;
    private readonly bool _claimsUnclassed;

    public IngressClaim(TranslationSettings settings, ImmutableDictionary<string, V1IngressClass> classes)
    {
        _settings = settings;
        _classes = classes;
        _claimsUnclassed = settings.WatchIngressWithoutClass || classes.Values.Any(IsDefault);
    }

    /// <summary>
    /// True if an Ingress is claimed: because all are, else by the class in its spec, else by the legacy annotation, else because it names no class.
    /// </summary>
    public bool IsClaimed(V1Ingress ingress) => _settings.ClaimsEveryClass || ingress.Spec?.IngressClassName switch
    {
        { Length: > 0 } name => _classes.TryGetValue(name, out var named) && IsClaimed(named),
        _ => AnnotationReader.LegacyClass(ingress) switch
        {
            { } legacy => legacy == _settings.IngressClass,
            null => _claimsUnclassed,
        },
    };

    /// <summary>True if an Ingress names the controller's class, but no such IngressClass exists.</summary>
    public bool LacksIngressClass(V1Ingress ingress) =>
        ingress.Spec?.IngressClassName is { } name && name == _settings.IngressClass && !_classes.ContainsKey(name);

    /// <summary>The misspelt annotation with which an Ingress without a class names the controller's class; null when there is none.</summary>
    public string? MisspeltClass(V1Ingress ingress) =>
        ingress.Spec?.IngressClassName is null or "" && AnnotationReader.LegacyClass(ingress) is null
            ? AnnotationReader.MisspeltClass(ingress, _settings.IngressClass)
            : null;

    private bool IsClaimed(V1IngressClass ingressClass) => ingressClass.Spec?.Controller == _settings.ControllerClass;

    private bool IsDefault(V1IngressClass ingressClass) =>
        IsClaimed(ingressClass) && AnnotationReader.IsDefaultClass(ingressClass);
}
