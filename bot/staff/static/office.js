// What all of the staff's pages share: the browser's choices of language and theme.
const office = {
  remember(name, value) {
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=strict`;
  },
  language(value) {
    this.remember("language", value);
    location.reload();
  },
  theme(value) {
    this.remember("theme", value);
    document.documentElement.dataset.theme = value;
  },
};
