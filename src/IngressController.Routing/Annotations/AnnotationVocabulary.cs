namespace IngressController.Routing.Annotations;

/// <summary>Properties of annotations as text, for docs/annotations.md and the command line.</summary>
public static class AnnotationVocabulary
{
    extension(AnnotationKey key)
    {
        /// <summary>True if it has an effect.</summary>
        public bool IsSupported => key.Support is AnnotationSupport.Supported;

        /// <summary>The default.</summary>
        public string DefaultText => key.Default ?? "-";

        public string ScopeText => key.Scope switch
        {
            AnnotationScope.Ingress => "the paths of the Ingress",
            AnnotationScope.Host => "the whole host, including paths of other Ingresses; the oldest Ingress takes precedence",
            _ => throw new ArgumentOutOfRangeException(nameof(key), key.Scope, "unknown scope"),
        };

        /// <summary>The effect of an invalid value, besides a diagnostic.</summary>
        public string BadValueText => key switch
        {
            { OnBadValue: OnBadValue.CloseRoute } => "the paths of the Ingress answer 503",
            { WhenInvalid: { } effect } => effect,
            { Default: null } => "it is ignored",
            _ => "the default applies",
        };

        public string SupportText => key.Support switch
        {
            AnnotationSupport.Supported => "supported",
            AnnotationSupport.NotYet when key.OnBadValue == OnBadValue.CloseRoute => "not supported yet: a diagnostic reports it, and the paths of the Ingress answer 503",
            AnnotationSupport.NotYet planned => $"not supported yet: a diagnostic reports it, and {planned.Meanwhile}",
            AnnotationSupport.NoOp => "accepted without effect",
            AnnotationSupport.Never { IsFormer: true } former => $"of older ingress-nginx releases, and not supported; {former.Instead}",
            AnnotationSupport.Never never => $"not supported; {never.Instead}",
            _ => throw new ArgumentOutOfRangeException(nameof(key), key.Support, "unknown support"),
        };

        /// <summary>The first sentence of the documentation.</summary>
        public string Summary => FirstSentence(key.Documentation);
    }

    /// <summary>The first sentence of a text.</summary>
    public static string FirstSentence(string text)
    {
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? text : text[..(end + 1)];
    }
}
