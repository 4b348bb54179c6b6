/** Takes the chosen theme over before anything is drawn; a classic script, so that it runs first. */
{
  const theme = localStorage.getItem("sidestep-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
}
